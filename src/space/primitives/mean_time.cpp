#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string leak(const Node& /*node*/) { return "averages over all tokens, later ones included"; }

// An add for each element, and one division for each mean; writing it to every t is a copy.
double flops(const NodeContext& context) {
  const double elements = output_elements(context);
  return elements + elements / static_cast<double>(context.dims.seq);
}

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.mean(" + in[0] + ", [-2], True).expand_as(" + in[0] + ")";
}

}  // namespace

PrimitiveSpec mean_time_spec() {
  PrimitiveSpec spec;
  spec.name = "mean_time";
  spec.formula = "y[t] = (x[0] + ... + x[seq - 1]) / seq for every t";
  spec.source = "common";
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = bidirectional;
  spec.leak = leak;
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
