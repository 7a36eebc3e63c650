#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  const Shape& a = inputs[0];
  const Shape& b = inputs[1];
  if (a.axes[1] != b.axes[1]) return std::nullopt;
  if (is_scores(a) && (is_branched(b) || is_scores(b))) return b;
  if (is_branched(a) && is_state(b) && a.axes[3] == b.axes[2]) {
    return sequence_of(a.axes[1], b.axes[3]);
  }
  return std::nullopt;
}

TimeMixing mixing(std::span<const Shape> inputs, const Node& /*node*/) {
  return is_scores(inputs[0]) ? TimeMixing::kCausal : TimeMixing::kTokenLocal;
}

// m n k multiply-adds for each head: k is the first operand's last axis. Masked entries included.
double flops(const NodeContext& context) {
  const std::int64_t inner = context.dims.size(context.inputs[0].axes[3]);
  return 2 * output_elements(context) * static_cast<double>(inner);
}

// Scores are masked again and the rows that they weigh are made finite before the product;
// backward keeps both copies.
double saved_elements(const NodeContext& context) {
  if (!is_scores(context.inputs[0])) return 0;
  double elements = 0;
  for (const Shape& shape : context.inputs) {
    elements += static_cast<double>(context.dims.elements(shape));
  }
  return elements;
}

std::string operand(const Shape& shape, const std::string& name) {
  return is_scores(shape) ? "self.mask_scores(" + name + ")" : name;
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  std::string rows = operand(context.inputs[1], in[1]);
  if (is_scores(context.inputs[0])) rows = "self.finite_rows(" + rows + ")";
  return "torch.matmul(" + operand(context.inputs[0], in[0]) + ", " + rows + ")";
}

}  // namespace

PrimitiveSpec matmul_spec() {
  PrimitiveSpec spec;
  spec.name = "matmul";
  spec.formula =
      "y = a b for each batch and head; scores operands are masked to key <= query, and the rows "
      "that scores weigh are made finite";
  spec.source = "common";
  spec.arity = 2;
  spec.type = type;
  spec.accepts =
      "[batch, heads, seq, seq] and [batch, heads, seq, head_dim], two [batch, heads, seq, seq], "
      "or [batch, heads, seq, head_dim] and [batch, heads, head_dim, head_dim]";
  spec.mixing = mixing;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
