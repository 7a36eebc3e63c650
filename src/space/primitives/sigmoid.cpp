#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("sigmoid", in);
}

}  // namespace

PrimitiveSpec sigmoid_spec() {
  PrimitiveSpec spec = elementwise_unary("sigmoid", "y = 1 / (1 + e^-x)");
  // negate, exponential, add, divide
  spec.flops = flops_per_element<4>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
