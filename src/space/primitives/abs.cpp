#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("abs", in);
}

}  // namespace

PrimitiveSpec abs_spec() {
  PrimitiveSpec spec = elementwise_unary("abs", "y = |x|");
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
