#include <torch/csrc/autograd/custom_function.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

constexpr std::int64_t kTime = -2;

// Doubling: after the step of length k every row holds the sum of 2 k rows. Shifted additions
// alone, so the order of a sum is fixed; LibTorch refuses its CUDA cumsum in deterministic mode.
at::Tensor doubling_sums(const at::Tensor& x, bool from_end) {
  const std::int64_t seq = x.size(kTime);
  at::Tensor sums = x;
  for (std::int64_t k = 1; k < seq; k *= 2) {
    at::Tensor longer = sums.clone();
    const std::int64_t to = from_end ? 0 : k;
    longer.narrow(kTime, to, seq - k).add_(sums.narrow(kTime, k - to, seq - k));
    sums = longer;
  }
  return sums;
}

// Row t: the sum of rows <= t or, from the end, of rows >= t.
at::Tensor running_sums(const at::Tensor& x, bool from_end) {
  if (!x.is_cpu()) return doubling_sums(x, from_end);
  return from_end ? x.flip(kTime).cumsum(kTime).flip(kTime) : x.cumsum(kTime);
}

class RunningSums : public torch::autograd::Function<RunningSums> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* /*context*/, const at::Tensor& x) {
    return running_sums(x, /*from_end=*/false);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 const torch::autograd::variable_list& grads) {
    return {running_sums(grads[0], /*from_end=*/true)};
  }
};

// The running sum is float32 for bfloat16 too: its error grows with the number of tokens.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor sums = RunningSums::apply(x.to(at::kFloat));
  return sums.div(context.tables.counts(x.size(kTime))).to(x.scalar_type());
}

}  // namespace

PrimitiveImpl cumulative_mean_impl() { return {"cumulative_mean", forward, nullptr}; }

}  // namespace nas::nn
