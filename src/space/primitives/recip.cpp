#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.divide(torch.ones_like(" + in[0] + "), " + in[0] + ")";
}

}  // namespace

PrimitiveSpec recip_spec() {
  PrimitiveSpec spec =
      elementwise_unary("recip", "y = 1 / x, 0 where |x| < 1e-6; the gradient there is 0");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  // magnitude, comparison, division
  spec.flops = flops_per_element<3>;
  spec.saved_elements = output_elements;  // the quotient before the select
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
