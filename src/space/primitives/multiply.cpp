#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("mul", in);
}

}  // namespace

PrimitiveSpec multiply_spec() {
  PrimitiveSpec spec = elementwise_binary("multiply", "y = a b, elementwise", true);
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
