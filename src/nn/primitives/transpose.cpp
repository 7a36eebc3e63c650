#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl transpose_impl() {
  return {"transpose",
          [](const ForwardContext& context) { return context.inputs[0].transpose(-2, -1); },
          nullptr};
}

}  // namespace nas::nn
