#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::int64_t window(const Node& node) {
  return static_cast<std::int64_t>(node.fields[reduce_field::kWindow]);
}

TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  if (window(node) == 0) return TimeMixing::kBidirectional;
  return window(node) == 1 ? TimeMixing::kTokenLocal : TimeMixing::kCausal;
}

std::string leak(const Node& /*node*/) {
  return "reduces all tokens, later ones included; give it a window";
}

// An operation for each element that joins and one division for each mean. Elements before the
// start are counted; writing one value to every t is a copy.
double flops(const NodeContext& context) {
  const double elements = output_elements(context);
  const double divisions = reduce_op(context.node) == ReduceOp::kMean ? 1 : 0;
  const std::int64_t tokens = window(context.node);
  if (tokens == 0) return elements + divisions * elements / static_cast<double>(context.dims.seq);
  return (static_cast<double>(tokens - 1) + divisions) * elements;
}

// The windows where their entries matter; of an extremum over all tokens its value.
double saved_elements(const NodeContext& context) {
  const ReduceOp op = reduce_op(context.node);
  const double elements = output_elements(context);
  if (op == ReduceOp::kMean || op == ReduceOp::kSum) return 0;
  if (window(context.node) != 0) return static_cast<double>(window(context.node)) * elements;
  return op == ReduceOp::kProd ? 0 : elements / static_cast<double>(context.dims.seq);
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const ReduceOp op = reduce_op(context.node);
  const std::string tokens = std::to_string(window(context.node));
  if (window(context.node) == 0) {
    return reduction_text(op, in[0], -2, true) + ".expand_as(" + in[0] + ")";
  }
  const std::string windows =
      "self.windows(" + in[0] + ", " + tokens + ", " + torch_real(neutral_element(op)) + ")";
  if (op != ReduceOp::kMean) return reduction_text(op, windows, 0, false);
  return "torch.div(" + reduction_text(ReduceOp::kSum, windows, 0, false) +
         ", self.window_counts(" + in[0] + ", " + tokens + "))";
}

}  // namespace

PrimitiveSpec reduce_time_spec() {
  PrimitiveSpec spec;
  spec.name = "reduce_time";
  spec.formula =
      "y[t] = op over s of x[s], t - window < s <= t and s >= 0; with window 0 over all s, for "
      "every "
      "t; a mean divides by the tokens there are";
  spec.source =
      "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary; the window is ours: its reductions "
      "over time leak the future";
  FieldSpec tokens;
  tokens.name = "window";
  tokens.kind = FieldKind::kInteger;
  tokens.max = 32;
  tokens.fallback = 4;
  tokens.help = "tokens: t itself and window - 1 before it; 0: all, for bidirectional models only";
  spec.fields = {reduce_op_field(), tokens};
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = mixing;
  spec.leak = leak;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
