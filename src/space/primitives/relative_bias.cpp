#include "nas/space/relative_positions.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (inputs[0] != kScoresShape) return std::nullopt;
  return kScoresShape;
}

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {kRelativeBuckets, context.dims.heads}});
  return list;
}

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  std::string boundaries;
  for (const std::int64_t boundary : relative_boundaries()) {
    boundaries += (boundaries.empty() ? "" : ", ") + std::to_string(boundary);
  }
  return "self.relative_bias(" + in[0] + ", " + weights[0] + ", torch.tensor([" + boundaries +
         "], device=" + in[0] + ".device))";
}

}  // namespace

PrimitiveSpec relative_bias_spec() {
  PrimitiveSpec spec = elementwise_unary(
      "relative_bias",
      "y[t, s] = x[t, s] + weight[bucket(max(t - s, 0)), head], one weight for the whole model; "
      "buckets 0 to 15 hold one distance, 16 to 31 grow by the ratio 8^(1/16) and the last is "
      "open");
  spec.source = "Raffel et al. 2020 (arXiv:1910.10683), T5, unidirectional";
  spec.type = type;
  spec.accepts = "[batch, heads, seq, seq]";
  spec.parameters = parameters;
  spec.shares_parameters = true;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
