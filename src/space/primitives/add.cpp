#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("add", in);
}

}  // namespace

PrimitiveSpec add_spec() {
  PrimitiveSpec spec = elementwise_binary("add", "y = a + b", true);
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
