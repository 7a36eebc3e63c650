#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("tanh", in);
}

}  // namespace

PrimitiveSpec tanh_spec() {
  PrimitiveSpec spec = elementwise_unary("tanh", "y = tanh x");
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
