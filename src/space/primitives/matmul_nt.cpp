#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_branched(inputs[0]) || inputs[1] != inputs[0]) return std::nullopt;
  return Shape{{Axis::kBatch, inputs[0].axes[1], Axis::kSeq, Axis::kSeq}};
}

// head_dim multiply-adds for each pair of tokens; masked pairs included.
double flops(const NodeContext& context) {
  return 2 * output_elements(context) *
         static_cast<double>(context.dims.size(context.inputs[0].axes[3]));
}

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.mask_scores(torch.matmul(" + in[0] + ", torch.transpose(" + in[1] + ", -2, -1)))";
}

}  // namespace

PrimitiveSpec matmul_nt_spec() {
  PrimitiveSpec spec;
  spec.name = "matmul_nt";
  spec.formula = "y[t, s] = sum over i of a[t, i] b[s, i]; 0 where s > t in a causal model";
  spec.source = "common";
  spec.arity = 2;
  spec.type = type;
  spec.accepts = "two [batch, heads, seq, head_dim]";
  spec.mixing = causal;
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
