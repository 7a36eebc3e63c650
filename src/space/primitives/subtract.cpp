#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("sub", in);
}

}  // namespace

PrimitiveSpec subtract_spec() {
  PrimitiveSpec spec = elementwise_binary("subtract", "y = a - b", false);
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
