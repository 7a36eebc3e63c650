#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace nas::ops {

/// Functions of one value x or of two, a and b. With a constant c: kAbsRoot sqrt(|x| + c), kLogAbs
/// ln(|x| + c), kScale c x, kShift x + c; kDivide and kRecip are 0 where the divisor is below c in
/// magnitude, and so are their gradients. Everything else, also gradients where a function has a
/// corner and what NaN becomes, is as in LibTorch's operation of that name.
enum class ElementwiseOp : std::uint8_t {
  kAbs,
  kAbsRoot,
  kAdd,
  kCos,
  kDivide,
  kExp,
  kGeluErf,
  kGeluTanh,
  kLogAbs,
  kMaximum,
  kMinimum,
  kMultiply,
  kNegate,
  kRecip,
  kRelu,
  kScale,
  kShift,
  kSigmoid,
  kSign,
  kSilu,
  kSin,
  kSquare,
  kSubtract,
  kTanh,
};
/// How many there are.
inline constexpr std::size_t kElementwiseOps = static_cast<std::size_t>(ElementwiseOp::kTanh) + 1;

[[nodiscard]] constexpr bool is_binary(ElementwiseOp op) {
  switch (op) {
    case ElementwiseOp::kAdd:
    case ElementwiseOp::kDivide:
    case ElementwiseOp::kMaximum:
    case ElementwiseOp::kMinimum:
    case ElementwiseOp::kMultiply:
    case ElementwiseOp::kSubtract:
      return true;
    default:
      return false;
  }
}

/// One function with its constant, whatever it is applied to.
struct ElementwiseFunction {
  ElementwiseOp op = ElementwiseOp::kAdd;
  double constant = 0;
};

/// Values of a chain are numbered: its inputs from 0, then one for each step. A step reads values
/// before its own; `b` is that of a binary function.
struct ElementwiseStep {
  ElementwiseFunction function;
  std::uint8_t a = 0;
  std::uint8_t b = 0;
};

/// How long a chain may be. A GPU's thread that goes backwards holds all values of eight elements
/// and their gradients in local memory: with sixteen values that is a kilobyte.
inline constexpr std::size_t kMostChainInputs = 4;
inline constexpr std::size_t kMostChainSteps = 12;

/// A function of tensors of one shape, value by value; the last step makes the result.
struct ElementwiseChain {
  std::size_t input_count = 1;
  std::vector<ElementwiseStep> steps;
};

}  // namespace nas::ops
