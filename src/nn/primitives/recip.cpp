#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor is_zero = x.abs().lt(space::kSmallMagnitude);
  return x.masked_fill(is_zero, 1).reciprocal().masked_fill(is_zero, 0);
}

}  // namespace

PrimitiveImpl recip_impl() {
  return {"recip", forward, nullptr, elementwise_beside_zero<ops::ElementwiseOp::kRecip>};
}

}  // namespace nas::nn
