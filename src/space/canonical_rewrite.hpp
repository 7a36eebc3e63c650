#pragma once

#include <cstdint>
#include <vector>

#include "nas/space/program.hpp"

namespace nas::space {

/// The rules of canonical.hpp that a primitive takes part in.
enum class RewriteRule : std::uint8_t {
  kNone,
  kInvolution,  ///< f(f x) = x: negate, transpose
  kMergeHeads,
  kSplitHeads,
  kIdempotent,  ///< f(f x) = f x: relu
  kMagnitude,   ///< f(-x) = f(|x|) = f(x): abs, square
  kExtremum,    ///< f(x, x) = x: maximum, minimum
  kScaleConst,
  kAdd,
  kSubtract,
};

/// What rewriting and ordering need to know of a primitive, packed: a search makes tens of
/// thousands of programs canonical each second.
struct PrimitiveTraits {
  std::uint64_t name_hash = 0;  ///< keeps order and hash when primitives are added to the table
  std::uint8_t arity = 1;
  std::uint8_t field_count = 0;
  bool commutative = false;
  bool has_parameters = false;
  RewriteRule rule = RewriteRule::kNone;
};

/// Traits by primitive index. One entry more than primitives(): the last is the negated sum.
[[nodiscard]] const std::vector<PrimitiveTraits>& primitive_traits();

/// Index of the negated sum -(a) - (b), commutative, in graphs that are being made canonical. It
/// stands for add(negate a, negate b), subtract(negate a, b) and subtract(negate b, a), which the
/// rules make equal and none of which is the one that depends only on the graph.
[[nodiscard]] std::uint16_t negated_sum_index();
/// Index of the primitive of this name, looked up once.
[[nodiscard]] std::uint16_t negate_index();
[[nodiscard]] std::uint16_t subtract_index();

/// A program that is being made canonical. Each value has a colour: a hash of what it computes,
/// equal for values that only parameters tell apart. The upper 16 bits are the value's depth, so
/// that a sort by colour puts short operands first.
struct ColouredGraph {
  Program program;                     ///< dead nodes possible; inputs precede their uses
  std::vector<std::uint64_t> colours;  ///< by value
};

inline constexpr int kColourBits = 48;

/// A colour of the same depth that depends on the old one and a word.
[[nodiscard]] std::uint64_t recoloured(std::uint64_t colour, std::uint64_t word);

/// All rules but the order: every rule applied to a fixed point, equal subtrees without parameters
/// merged, operands of commutative nodes sorted by colour, negated sums in one form.
[[nodiscard]] ColouredGraph rewritten(const Program& program);

/// By value index: 1 where the output needs the value.
[[nodiscard]] std::vector<std::uint8_t> live_values(const Program& program);

}  // namespace nas::space
