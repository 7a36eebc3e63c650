#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.sqrt(torch.add(torch.abs(" + in[0] + "), " + torch_real(kSmallMagnitude) + "))";
}

}  // namespace

PrimitiveSpec abs_root_spec() {
  PrimitiveSpec spec = elementwise_unary("abs_root", "y = sqrt(|x| + 1e-6)");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  // magnitude, add, root
  spec.flops = flops_per_element<3>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
