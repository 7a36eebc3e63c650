#include <cmath>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].mul(constant_factor(context.node));
}

ops::ElementwiseFunction function(const space::NodeContext& context) {
  return {ops::ElementwiseOp::kScale, constant_factor(context)};
}

}  // namespace

double constant_factor(const space::NodeContext& context) {
  namespace field = space::scale_const_field;
  const double value = context.node.fields[field::kValue];
  if (!field_is(context.node, field::kBy, space::ScaleBy::kInvSqrtHeadDim)) return value;
  return value * (1.0 / std::sqrt(static_cast<double>(context.dims.head_dim)));
}

PrimitiveImpl scale_const_impl() { return {"scale_const", forward, nullptr, function}; }

}  // namespace nas::nn
