#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("square", in);
}

}  // namespace

PrimitiveSpec square_spec() {
  PrimitiveSpec spec = elementwise_unary("square", "y = x^2");
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
