#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl relu_impl() {
  return {"relu", [](const ForwardContext& context) { return context.inputs[0].relu(); }, nullptr,
          elementwise<ops::ElementwiseOp::kRelu>};
}

}  // namespace nas::nn
