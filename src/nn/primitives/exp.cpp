#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl exp_impl() {
  return {"exp", [](const ForwardContext& context) { return context.inputs[0].exp(); }, nullptr,
          elementwise<ops::ElementwiseOp::kExp>};
}

}  // namespace nas::nn
