#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

double shift(const space::Node& node) { return node.fields[space::shift_const_field::kValue]; }

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].add(shift(context.node.node));
}

ops::ElementwiseFunction function(const space::NodeContext& context) {
  return {ops::ElementwiseOp::kShift, shift(context.node)};
}

}  // namespace

PrimitiveImpl shift_const_impl() { return {"shift_const", forward, nullptr, function}; }

}  // namespace nas::nn
