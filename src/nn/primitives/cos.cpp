#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl cos_impl() {
  return {"cos", [](const ForwardContext& context) { return context.inputs[0].cos(); }, nullptr,
          elementwise<ops::ElementwiseOp::kCos>};
}

}  // namespace nas::nn
