#include <ATen/ops/cat.h>
#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/linear.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

// Rows t, t - 1, ..., t - width + 1 side by side.
at::Tensor with_earlier_rows(const at::Tensor& x, std::int64_t width) {
  if (width == 1) return x;
  std::vector<at::Tensor> taps{x};
  for (std::int64_t j = 1; j < width; ++j) {
    const std::int64_t steps = std::min(j, x.size(-2));
    taps.push_back(at::constant_pad_nd(x, {0, 0, steps, -steps}, 0));
  }
  return at::cat(taps, -1);
}

at::Tensor forward(const ForwardContext& context) {
  const auto width =
      static_cast<std::int64_t>(context.node.node.fields[space::branched_conv_field::kWidth]);
  const at::Tensor x = with_earlier_rows(context.inputs[0], width);
  const at::Tensor weight = weight_of(context, 0);
  if (x.dim() == 3) return at::linear(x, weight);
  const std::int64_t branches = x.size(1);
  return x.matmul(
      weight.view({branches, weight.size(0) / branches, weight.size(1)}).transpose(-2, -1));
}

InitialValues initial(const space::NodeContext& context, std::size_t /*parameter*/) {
  const space::Shape& shape = context.inputs[0];
  const space::Axis features = shape.axes[is_branched(shape) ? 3 : 2];
  const double in = context.node.fields[space::branched_conv_field::kWidth] *
                    static_cast<double>(context.dims.size(features));
  return {1.0 / std::sqrt(in), {0}};
}

}  // namespace

PrimitiveImpl branched_conv_impl() { return {"branched_conv", forward, initial}; }

}  // namespace nas::nn
