#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.log(torch.add(torch.abs(" + in[0] + "), " + torch_real(kSmallMagnitude) + "))";
}

}  // namespace

PrimitiveSpec log_abs_spec() {
  PrimitiveSpec spec = elementwise_unary("log_abs", "y = ln(|x| + 1e-6)");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  // magnitude, add, logarithm
  spec.flops = flops_per_element<3>;
  spec.saved_elements = output_elements;  // the logarithm's argument
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
