#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_scores(inputs[0])) return std::nullopt;
  return inputs[0];
}

std::string leak(const Node& /*node*/) {
  return "row t of transposed scores holds the scores of later queries";
}

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.transpose(" + in[0] + ", -2, -1)";
}

}  // namespace

PrimitiveSpec transpose_spec() {
  PrimitiveSpec spec;
  spec.name = "transpose";
  spec.formula = "y[t, s] = x[s, t]";
  spec.source = "common";
  spec.type = type;
  spec.accepts = "[batch, heads, seq, seq]";
  spec.mixing = bidirectional;
  spec.leak = leak;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
