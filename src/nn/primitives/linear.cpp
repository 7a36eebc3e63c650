#include <ATen/ops/linear.h>

#include <cmath>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor weight = weight_of(context, 0);
  if (context.parameters.size() == 1) return at::linear(x, weight);
  return at::linear(x, weight, weight_of(context, 1));
}

InitialValues initial(const space::NodeContext& context, std::size_t parameter) {
  using space::LinearInit;
  namespace field = space::linear_field;
  if (parameter == 1 || field_is(context.node, field::kInit, LinearInit::kZero)) return {};
  const auto in = static_cast<double>(context.dims.size(context.inputs[0].axes[2]));
  const double std = 1.0 / std::sqrt(in);
  if (!field_is(context.node, field::kInit, LinearInit::kQuery)) return {std, {0}};
  return {std / std::sqrt(static_cast<double>(context.dims.head_dim)), {0}};
}

}  // namespace

PrimitiveImpl linear_impl() { return {"linear", forward, initial}; }

}  // namespace nas::nn
