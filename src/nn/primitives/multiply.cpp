#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].mul(context.inputs[1]);
}

}  // namespace

PrimitiveImpl multiply_impl() {
  return {"multiply", forward, nullptr, elementwise<ops::ElementwiseOp::kMultiply>};
}

}  // namespace nas::nn
