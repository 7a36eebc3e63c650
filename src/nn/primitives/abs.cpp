#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl abs_impl() {
  return {"abs", [](const ForwardContext& context) { return context.inputs[0].abs(); }, nullptr,
          elementwise<ops::ElementwiseOp::kAbs>};
}

}  // namespace nas::nn
