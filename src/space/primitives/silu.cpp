#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("silu", in);
}

}  // namespace

PrimitiveSpec silu_spec() {
  PrimitiveSpec spec = elementwise_unary("silu", "y = x / (1 + e^-x)");
  spec.source = "Elfwing et al. 2018 (arXiv:1702.03118)";
  // sigmoid (negate, exponential, add, divide) and the product
  spec.flops = flops_per_element<5>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
