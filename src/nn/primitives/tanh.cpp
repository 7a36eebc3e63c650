#include "nn/primitives/common.hpp"

namespace nas::nn {

PrimitiveImpl tanh_impl() {
  return {"tanh", [](const ForwardContext& context) { return context.inputs[0].tanh(); }, nullptr};
}

}  // namespace nas::nn
