#include "nn/primitives/common.hpp"
#include "nn/running.hpp"

namespace nas::nn {

namespace {

// The running sum is float32 for bfloat16 too: its error grows with the number of tokens.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor sums = running_sums(x.to(at::kFloat));
  return sums.div(context.tables.counts(x.size(-2))).to(x.scalar_type());
}

}  // namespace

PrimitiveImpl cumulative_mean_impl() { return {"cumulative_mean", forward, nullptr}; }

}  // namespace nas::nn
