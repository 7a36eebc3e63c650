#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl negate_impl() {
  return {"negate", [](const ForwardContext& context) { return context.inputs[0].neg(); }, nullptr,
          elementwise<ops::ElementwiseOp::kNegate>};
}

}  // namespace nas::nn
