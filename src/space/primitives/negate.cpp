#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("neg", in);
}

}  // namespace

PrimitiveSpec negate_spec() {
  PrimitiveSpec spec = elementwise_unary("negate", "y = -x");
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
