#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl sigmoid_impl() {
  return {"sigmoid", [](const ForwardContext& context) { return context.inputs[0].sigmoid(); },
          nullptr, elementwise<ops::ElementwiseOp::kSigmoid>};
}

}  // namespace nas::nn
