#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (inputs[0] != kHeadsShape) return std::nullopt;
  return kModelShape;
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string& x = in[0];
  return "torch.reshape(torch.transpose(" + x + ", 1, 2), [" + x + ".size(0), " + x + ".size(2), " +
         std::to_string(context.dims.heads * context.dims.head_dim) + "])";
}

}  // namespace

PrimitiveSpec merge_heads_spec() {
  PrimitiveSpec spec;
  spec.name = "merge_heads";
  spec.formula = "y[b, t, h head_dim + i] = x[b, h, t, i]";
  spec.source = "Vaswani et al. 2017 (arXiv:1706.03762)";
  spec.type = type;
  spec.accepts = "[batch, heads, seq, head_dim]";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
