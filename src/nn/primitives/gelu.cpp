#include <ATen/ops/gelu.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const bool is_tanh =
      field_is(context.node.node, space::gelu_field::kApproximate, space::GeluApproximate::kTanh);
  return at::gelu(context.inputs[0], is_tanh ? "tanh" : "none");
}

}  // namespace

PrimitiveImpl gelu_impl() { return {"gelu", forward, nullptr}; }

}  // namespace nas::nn
