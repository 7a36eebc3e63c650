#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("relu", in);
}

}  // namespace

PrimitiveSpec relu_spec() {
  PrimitiveSpec spec = elementwise_unary("relu", "y = max(x, 0)");
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
