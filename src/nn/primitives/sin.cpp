#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl sin_impl() {
  return {"sin", [](const ForwardContext& context) { return context.inputs[0].sin(); }, nullptr,
          elementwise<ops::ElementwiseOp::kSin>};
}

}  // namespace nas::nn
