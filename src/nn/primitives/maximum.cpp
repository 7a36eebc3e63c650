#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].maximum(context.inputs[1]);
}

}  // namespace

PrimitiveImpl maximum_impl() {
  return {"maximum", forward, nullptr, elementwise<ops::ElementwiseOp::kMaximum>};
}

}  // namespace nas::nn
