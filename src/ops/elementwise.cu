#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <tuple>
#include <utility>

#include "ops/elementwise_kernel.hpp"
#include "ops/elementwise_rules.cuh"
#include "ops/lane.cuh"
#include "ops/launch.cuh"

namespace nas::ops {

namespace {

constexpr int kThreads = 256;

/// A step as a kernel reads it.
struct Instruction {
  ElementwiseOp op;
  std::uint8_t a;
  std::uint8_t b;
  float constant;
};

/// Calls function with the rule of op. All threads of a warp take the same way.
template <class Function>
__device__ void with_rule(ElementwiseOp op, const Function& function) {
  using Op = ElementwiseOp;
  switch (op) {
    case Op::kAbs:
      return function(ElementwiseRule<Op::kAbs>());
    case Op::kAbsRoot:
      return function(ElementwiseRule<Op::kAbsRoot>());
    case Op::kAdd:
      return function(ElementwiseRule<Op::kAdd>());
    case Op::kCos:
      return function(ElementwiseRule<Op::kCos>());
    case Op::kDivide:
      return function(ElementwiseRule<Op::kDivide>());
    case Op::kExp:
      return function(ElementwiseRule<Op::kExp>());
    case Op::kGeluErf:
      return function(ElementwiseRule<Op::kGeluErf>());
    case Op::kGeluTanh:
      return function(ElementwiseRule<Op::kGeluTanh>());
    case Op::kLogAbs:
      return function(ElementwiseRule<Op::kLogAbs>());
    case Op::kMaximum:
      return function(ElementwiseRule<Op::kMaximum>());
    case Op::kMinimum:
      return function(ElementwiseRule<Op::kMinimum>());
    case Op::kMultiply:
      return function(ElementwiseRule<Op::kMultiply>());
    case Op::kNegate:
      return function(ElementwiseRule<Op::kNegate>());
    case Op::kRecip:
      return function(ElementwiseRule<Op::kRecip>());
    case Op::kRelu:
      return function(ElementwiseRule<Op::kRelu>());
    case Op::kScale:
      return function(ElementwiseRule<Op::kScale>());
    case Op::kShift:
      return function(ElementwiseRule<Op::kShift>());
    case Op::kSigmoid:
      return function(ElementwiseRule<Op::kSigmoid>());
    case Op::kSign:
      return function(ElementwiseRule<Op::kSign>());
    case Op::kSilu:
      return function(ElementwiseRule<Op::kSilu>());
    case Op::kSin:
      return function(ElementwiseRule<Op::kSin>());
    case Op::kSquare:
      return function(ElementwiseRule<Op::kSquare>());
    case Op::kSubtract:
      return function(ElementwiseRule<Op::kSubtract>());
    case Op::kTanh:
      return function(ElementwiseRule<Op::kTanh>());
  }
}

/// Any chain. Which value a step reads is known only as it runs, so values lie in local memory,
/// which the first-level cache holds: a thread's neighbouring elements share each step's decoding.
struct Interpreted {
  static constexpr int kMostInputs = kMostChainInputs;
  static constexpr int kMostValues = kMostChainInputs + kMostChainSteps;
  int input_count;
  int step_count;
  Instruction steps[kMostChainSteps] = {};

  explicit Interpreted(const ElementwiseChain& chain)
      : input_count(static_cast<int>(chain.input_count)),
        step_count(static_cast<int>(chain.steps.size())) {
    std::ranges::transform(chain.steps, steps, [](const ElementwiseStep& step) {
      return Instruction{step.function.op, step.a, step.b,
                         static_cast<float>(step.function.constant)};
    });
  }
  [[nodiscard]] __device__ bool has_input(int i) const { return i < input_count; }
  [[nodiscard]] __device__ int last_value() const { return input_count + step_count - 1; }
  /// Calls function(rule, step, number of the value that it makes).
  template <class Function>
  __device__ void forwards(const Function& function) const {
#pragma unroll 1
    for (int i = 0; i < step_count; ++i) call(i, function);
  }
  template <class Function>
  __device__ void backwards(const Function& function) const {
#pragma unroll 1
    for (int i = step_count - 1; i >= 0; --i) call(i, function);
  }

 private:
  template <class Function>
  __device__ void call(int i, const Function& function) const {
    const Instruction step = steps[i];
    with_rule(step.op, [&](auto rule) { function(rule, step, input_count + i); });
  }
};

template <ElementwiseOp kOp, int kA, int kB = 0>
struct CompiledStep {
  static constexpr ElementwiseOp kFunction = kOp;
  __device__ static constexpr Instruction instruction() {
    return {kOp, static_cast<std::uint8_t>(kA), static_cast<std::uint8_t>(kB), 0.0F};
  }
  [[nodiscard]] static bool is(const ElementwiseStep& step) {
    const bool commutes = kOp == ElementwiseOp::kMultiply;
    return step.function.op == kOp && ((step.a == kA && (!is_binary(kOp) || step.b == kB)) ||
                                       (commutes && step.a == kB && step.b == kA));
  }
};

/// A chain that many programs hold, of functions without constants: all in registers.
template <int kInputs, class... Steps>
struct Compiled {
  static constexpr int kMostInputs = kInputs;
  static constexpr int kSteps = sizeof...(Steps);
  static constexpr int kMostValues = kInputs + kSteps;

  [[nodiscard]] static bool is(const ElementwiseChain& chain) {
    if (chain.input_count != kInputs || chain.steps.size() != kSteps) return false;
    std::size_t at = 0;
    return (Steps::is(chain.steps[at++]) && ...);
  }
  [[nodiscard]] __device__ bool has_input(int /*i*/) const { return true; }
  [[nodiscard]] __device__ int last_value() const { return kMostValues - 1; }
  template <class Function>
  __device__ void forwards(const Function& function) const {
    [&]<int... kAt>(std::integer_sequence<int, kAt...>) {
      (call<kAt>(function), ...);
    }(std::make_integer_sequence<int, kSteps>());
  }
  template <class Function>
  __device__ void backwards(const Function& function) const {
    [&]<int... kAt>(std::integer_sequence<int, kAt...>) {
      (call<kSteps - 1 - kAt>(function), ...);
    }(std::make_integer_sequence<int, kSteps>());
  }

 private:
  template <int kAt, class Function>
  __device__ static void call(const Function& function) {
    using Step = std::tuple_element_t<kAt, std::tuple<Steps...>>;
    function(ElementwiseRule<Step::kFunction>(), Step::instruction(), kInputs + kAt);
  }
};

template <ElementwiseOp kOp>
using Alone = Compiled<1, CompiledStep<kOp, 0>>;
/// kOp(a) b, a gated linear unit.
template <ElementwiseOp kOp>
using Gated = Compiled<2, CompiledStep<kOp, 0>, CompiledStep<ElementwiseOp::kMultiply, 2, 1>>;

/// Of the row that holds element i.
__device__ std::int64_t row_of(std::int64_t i, std::int64_t width, std::int64_t count) {
  if (width == count) return 0;
  // Most tensors are small enough for the short division.
  if (count >> 32 != 0) return i / width;
  return static_cast<std::uint32_t>(i) / static_cast<std::uint32_t>(width);
}

template <class Value, bool kVectors, class Chain, class All>
__device__ void compute(const Chain& chain, const All& all, std::int64_t i, std::int64_t row,
                        Lane<Value, kVectors>* values) {
  using L = Lane<Value, kVectors>;
#pragma unroll
  for (int input = 0; input < Chain::kMostInputs; ++input) {
    if (!chain.has_input(input)) continue;
    const auto& from = all.inputs[input];
    values[input] = L::load_from(static_cast<const Value*>(from.data) + i + row * from.gap);
  }
  chain.forwards(
      [&]<ElementwiseOp kOp>(ElementwiseRule<kOp> /*rule*/, const Instruction& step, int at) {
        const L a = values[step.a];
        const L b = kIsBinary<kOp> ? values[step.b] : L{};
        L y;
#pragma unroll
        for (int k = 0; k < L::kSize; ++k) {
          y.at[k] = ElementwiseRule<kOp>::value({a.at[k], b.at[k], step.constant, 0.0F});
        }
        values[at] = y;
      });
}

template <class Chain, class Value, bool kVectors>
__global__ void __launch_bounds__(kThreads)
    elementwise_kernel(const __grid_constant__ Chain chain,
                       const __grid_constant__ ElementwiseForward all) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const std::int64_t i = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) * L::kSize;
  if (i >= all.count) return;
  L values[Chain::kMostValues];
  compute<Value, kVectors>(chain, all, i, row_of(i, all.width, all.count), values);
  values[chain.last_value()].store_to(static_cast<Value*>(all.y) + i);
}

template <class Chain, class L>
__device__ void propagate(const Chain& chain, const L* values, L* gradients) {
  chain.backwards(
      [&]<ElementwiseOp kOp>(ElementwiseRule<kOp> /*rule*/, const Instruction& step, int at) {
        const L a = values[step.a];
        const L b = kIsBinary<kOp> ? values[step.b] : L{};
        const L y = values[at];
        const L g = gradients[at];
        L more_a;
        L more_b;
#pragma unroll
        for (int k = 0; k < L::kSize; ++k) {
          const StepGradients more =
              ElementwiseRule<kOp>::gradients({a.at[k], b.at[k], step.constant, y.at[k]}, g.at[k]);
          more_a.at[k] = more.a;
          more_b.at[k] = more.b;
        }
        gradients[step.a].add(more_a);
        if constexpr (kIsBinary<kOp>) gradients[step.b].add(more_b);
      });
}

template <class Chain, class Value, bool kVectors>
__global__ void __launch_bounds__(kThreads)
    elementwise_backward_kernel(const __grid_constant__ Chain chain,
                                const __grid_constant__ ElementwiseBackward all) {
  begin_kernel();
  using L = Lane<Value, kVectors>;
  const std::int64_t i = (std::int64_t{blockIdx.x} * kThreads + threadIdx.x) * L::kSize;
  if (i >= all.count) return;
  const std::int64_t row = row_of(i, all.width, all.count);
  L values[Chain::kMostValues];
  L gradients[Chain::kMostValues];
  const int last = chain.last_value();
  const auto* const y_gradient = static_cast<const Value*>(all.y_gradient.data);
  gradients[last] = L::load_from(y_gradient + i + row * all.y_gradient.gap);
  compute<Value, kVectors>(chain, all, i, row, values);
#pragma unroll
  for (int at = 0; at < Chain::kMostValues; ++at) {
    if (at < last) gradients[at] = L::zero();
  }
  propagate(chain, values, gradients);
#pragma unroll
  for (int input = 0; input < Chain::kMostInputs; ++input) {
    if (!chain.has_input(input)) continue;
    const auto& to = all.gradients[input];
    if (to.data == nullptr) continue;
    gradients[input].store_to(static_cast<Value*>(to.data) + i + row * to.gap);
  }
}

template <class Value, bool kVectors, class Chain>
int launch_kernel(const Chain& chain, const ElementwiseForward& all, unsigned blocks,
                  cudaStream_t stream) {
  return launch(elementwise_kernel<Chain, Value, kVectors>, blocks, kThreads, 0, stream, chain,
                all);
}
template <class Value, bool kVectors, class Chain>
int launch_kernel(const Chain& chain, const ElementwiseBackward& all, unsigned blocks,
                  cudaStream_t stream) {
  return launch(elementwise_backward_kernel<Chain, Value, kVectors>, blocks, kThreads, 0, stream,
                chain, all);
}

/// Calls function with the first of the compiled chains that this one is, or with an interpreted.
template <class First, class... Others, class Function>
int with_chain(const ElementwiseChain& chain, const Function& function) {
  if (First::is(chain)) return function(First());
  if constexpr (sizeof...(Others) == 0) {
    return function(Interpreted(chain));
  } else {
    return with_chain<Others...>(chain, function);
  }
}

template <class Value, class All>
int launch_any(const ElementwiseChain& chain, const All& all, bool fits, CUstream_st* stream) {
  if (all.count == 0) return cudaSuccess;
  constexpr int kSize = Vector<Value>::kSize;
  const bool vectors = fits && all.width % kSize == 0;
  const std::int64_t lanes = vectors ? all.count / kSize : all.count;
  const auto blocks = static_cast<unsigned>((lanes + kThreads - 1) / kThreads);
  if (!vectors) return launch_kernel<Value, false>(Interpreted(chain), all, blocks, stream);
  using Op = ElementwiseOp;
  return with_chain<Alone<Op::kGeluErf>, Alone<Op::kGeluTanh>, Gated<Op::kSilu>,
                    Gated<Op::kGeluErf>, Gated<Op::kGeluTanh>>(chain, [&](const auto& form) {
    return launch_kernel<Value, true>(form, all, blocks, stream);
  });
}

/// Whether each row may be read in vectors.
template <class Value, class Operand>
bool fits_vectors(const Operand& operand) {
  return is_aligned(operand.data) && operand.gap % Vector<Value>::kSize == 0;
}

template <class Value>
int launch_forward(const ElementwiseChain& chain, const ElementwiseForward& all,
                   CUstream_st* stream) {
  const bool fits =
      std::ranges::all_of(all.inputs, [](const auto& x) { return fits_vectors<Value>(x); }) &&
      is_aligned(all.y);
  return launch_any<Value>(chain, all, fits, stream);
}

template <class Value>
int launch_backward(const ElementwiseChain& chain, const ElementwiseBackward& all,
                    CUstream_st* stream) {
  const auto fit = [](const auto& operand) { return fits_vectors<Value>(operand); };
  const bool fits = std::ranges::all_of(all.inputs, fit) && fit(all.y_gradient) &&
                    std::ranges::all_of(all.gradients, fit);
  return launch_any<Value>(chain, all, fits, stream);
}

}  // namespace

int launch_elementwise(const ElementwiseChain& chain, const ElementwiseForward& values,
                       bool is_bfloat16, CUstream_st* stream) {
  return is_bfloat16 ? launch_forward<__nv_bfloat16>(chain, values, stream)
                     : launch_forward<float>(chain, values, stream);
}

int launch_elementwise_backward(const ElementwiseChain& chain, const ElementwiseBackward& values,
                                bool is_bfloat16, CUstream_st* stream) {
  return is_bfloat16 ? launch_backward<__nv_bfloat16>(chain, values, stream)
                     : launch_backward<float>(chain, values, stream);
}

}  // namespace nas::ops
