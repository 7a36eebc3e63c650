#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl tanh_impl() {
  return {"tanh", [](const ForwardContext& context) { return context.inputs[0].tanh(); }, nullptr,
          elementwise<ops::ElementwiseOp::kTanh>};
}

}  // namespace nas::nn
