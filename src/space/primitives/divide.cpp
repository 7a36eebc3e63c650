#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.divide(" + in[0] + ", " + in[1] + ")";
}

}  // namespace

PrimitiveSpec divide_spec() {
  PrimitiveSpec spec = elementwise_binary(
      "divide", "y = a / b, 0 where |b| < 1e-6; the gradients there are 0", false);
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  // magnitude, comparison, division
  spec.flops = flops_per_element<3>;
  spec.saved_elements = output_elements;  // the divisor after the select
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
