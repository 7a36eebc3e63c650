#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.cumulative_mean(" + in[0] + ")";
}

}  // namespace

PrimitiveSpec cumulative_mean_spec() {
  PrimitiveSpec spec;
  spec.name = "cumulative_mean";
  spec.formula = "y[t] = (x[0] + ... + x[t]) / (t + 1)";
  spec.source = "Zhang et al. 2018 (arXiv:1805.00631), average attention";
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = causal;
  // An add of the running sum and a division for each element.
  spec.flops = flops_per_element<2>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
