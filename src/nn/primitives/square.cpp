#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl square_impl() {
  return {"square", [](const ForwardContext& context) { return context.inputs[0].square(); },
          nullptr, elementwise<ops::ElementwiseOp::kSquare>};
}

}  // namespace nas::nn
