#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_branched(inputs[0])) return std::nullopt;
  return inputs[0];
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.rope(" + in[0] + ", " + torch_real(context.node.fields[rope_field::kBase]) + ")";
}

}  // namespace

PrimitiveSpec rope_spec() {
  PrimitiveSpec spec;
  spec.name = "rope";
  spec.formula =
      "pairs (x[i], x[i + head_dim/2]) turned by the angle t base^(-2 i / head_dim), "
      "i < head_dim/2";
  spec.source = "Su et al. 2021 (arXiv:2104.09864), halves paired as in GPT-NeoX";
  FieldSpec base;
  base.name = "base";
  base.kind = FieldKind::kReal;
  base.min = 2;
  base.max = 1e8;
  base.fallback = 10000;
  base.help = "the longest wavelength is about 2 pi base tokens";
  spec.fields = {base};
  spec.type = type;
  spec.accepts = "[batch, heads, seq, features], an even number of features";
  spec.mixing = token_local;
  // Two products and an add for each element; sines depend on t only and are made once.
  spec.flops = flops_per_element<3>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
