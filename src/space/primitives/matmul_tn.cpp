#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  const Shape& a = inputs[0];
  const Shape& b = inputs[1];
  if (!is_branched(a) || !is_branched(b) || a.axes[1] != b.axes[1]) return std::nullopt;
  return Shape{{Axis::kBatch, a.axes[1], a.axes[3], b.axes[3]}};
}

std::string leak(const Node& /*node*/) {
  return "sums a[t] b[t]^T over all tokens, later ones included";
}

// seq multiply-adds for each entry of the state.
double flops(const NodeContext& context) {
  return 2 * output_elements(context) * static_cast<double>(context.dims.seq);
}

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.matmul(torch.transpose(" + in[0] + ", -2, -1), " + in[1] + ")";
}

}  // namespace

PrimitiveSpec matmul_tn_spec() {
  PrimitiveSpec spec;
  spec.name = "matmul_tn";
  spec.formula = "y[i, j] = sum over t of a[t, i] b[t, j]";
  spec.source = "Katharopoulos et al. 2020 (arXiv:2006.16236), the state of linear attention";
  spec.arity = 2;
  spec.type = type;
  spec.accepts = "two [batch, heads, seq, head_dim]";
  spec.mixing = bidirectional;
  spec.leak = leak;
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
