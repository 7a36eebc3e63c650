#include <ATen/ops/linear.h>

#include <cmath>

#include "nn/primitives/common.hpp"
#include "nn/reduction.hpp"

namespace nas::nn {

namespace {

// One product over the rows that a token sees, side by side, so that the sum over taps is float32
// inside it.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor weight = weight_of(context, 0);
  const std::int64_t width = weight.size(2);
  if (width == 1) return at::linear(x, weight.select(2, 0));
  const at::Tensor rows = windows(x, width, 0).permute({1, 2, 0, 3}).flatten(2);
  return at::linear(rows, weight.transpose(1, 2).flatten(1));
}

InitialValues initial(const space::NodeContext& context, std::size_t /*parameter*/) {
  const auto in = static_cast<double>(context.dims.size(context.inputs[0].axes[2]));
  const double width = context.node.fields[space::causal_conv_field::kWidth];
  return {1.0 / std::sqrt(in * width), {0}};
}

}  // namespace

PrimitiveImpl causal_conv_impl() { return {"causal_conv", forward, initial}; }

}  // namespace nas::nn
