#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].minimum(context.inputs[1]);
}

}  // namespace

PrimitiveImpl minimum_impl() {
  return {"minimum", forward, nullptr, elementwise<ops::ElementwiseOp::kMinimum>};
}

}  // namespace nas::nn
