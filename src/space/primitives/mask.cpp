#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::int64_t width(const Node& node) {
  return static_cast<std::int64_t>(node.fields[mask_field::kWidth]);
}

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_scores(inputs[0])) return std::nullopt;
  return inputs[0];
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string lower = "torch.tril(" + in[0] + ")";
  const std::int64_t keys = width(context.node);
  return keys == 0 ? lower : "torch.triu(" + lower + ", " + std::to_string(1 - keys) + ")";
}

}  // namespace

PrimitiveSpec mask_spec() {
  PrimitiveSpec spec;
  spec.name = "mask";
  spec.formula =
      "y[t, s] = x[t, s] where 0 <= t - s < width (any t - s >= 0 with width 0), else 0; a select";
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  FieldSpec keys;
  keys.name = "width";
  keys.kind = FieldKind::kInteger;
  keys.max = 512;
  keys.help = "keys kept for a query: its own and width - 1 before it; 0: all up to its own";
  spec.fields = {keys};
  spec.type = type;
  spec.accepts = "[batch, heads, seq, seq]";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
