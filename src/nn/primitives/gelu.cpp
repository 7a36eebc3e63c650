#include <ATen/ops/gelu.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

bool is_tanh(const space::Node& node) {
  return field_is(node, space::gelu_field::kApproximate, space::GeluApproximate::kTanh);
}

at::Tensor forward(const ForwardContext& context) {
  return at::gelu(context.inputs[0], is_tanh(context.node.node) ? "tanh" : "none");
}

ops::ElementwiseFunction function(const space::NodeContext& context) {
  using Op = ops::ElementwiseOp;
  return {is_tanh(context.node) ? Op::kGeluTanh : Op::kGeluErf, 0};
}

}  // namespace

PrimitiveImpl gelu_impl() { return {"gelu", forward, nullptr, function}; }

}  // namespace nas::nn
