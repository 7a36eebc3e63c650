#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.cumsum(" + in[0] + ", -2)";
}

}  // namespace

PrimitiveSpec cumulative_sum_spec() {
  PrimitiveSpec spec;
  spec.name = "cumulative_sum";
  spec.formula = "y[t] = x[0] + ... + x[t]";
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = causal;
  spec.flops = flops_per_element<1>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
