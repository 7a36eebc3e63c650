#include <ATen/ops/silu.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl silu_impl() {
  return {"silu", [](const ForwardContext& context) { return at::silu(context.inputs[0]); },
          nullptr, elementwise<ops::ElementwiseOp::kSilu>};
}

}  // namespace nas::nn
