#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (inputs[0] != kModelShape) return std::nullopt;
  return kHeadsShape;
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::string& x = in[0];
  return "torch.transpose(torch.reshape(" + x + ", [" + x + ".size(0), " + x + ".size(1), " +
         std::to_string(context.dims.heads) + ", " + std::to_string(context.dims.head_dim) +
         "]), 1, 2)";
}

}  // namespace

PrimitiveSpec split_heads_spec() {
  PrimitiveSpec spec;
  spec.name = "split_heads";
  spec.formula = "y[b, h, t, i] = x[b, t, h head_dim + i]";
  spec.source = "Vaswani et al. 2017 (arXiv:1706.03762)";
  spec.type = type;
  spec.accepts = "[batch, seq, model_dim]";
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
