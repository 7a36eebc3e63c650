#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl sign_impl() {
  return {"sign", [](const ForwardContext& context) { return context.inputs[0].sign(); }, nullptr,
          elementwise<ops::ElementwiseOp::kSign>};
}

}  // namespace nas::nn
