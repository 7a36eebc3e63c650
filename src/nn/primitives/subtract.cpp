#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].sub(context.inputs[1]);
}

}  // namespace

PrimitiveImpl subtract_impl() {
  return {"subtract", forward, nullptr, elementwise<ops::ElementwiseOp::kSubtract>};
}

}  // namespace nas::nn
