#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("maximum", in);
}

}  // namespace

PrimitiveSpec maximum_spec() {
  PrimitiveSpec spec = elementwise_binary("maximum", "y = max(a, b), elementwise", true);
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
