#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

bool is_over_keys(std::span<const Shape> inputs) { return is_scores(inputs[0]); }

TimeMixing mixing(std::span<const Shape> inputs, const Node& /*node*/) {
  return is_over_keys(inputs) ? TimeMixing::kCausal : TimeMixing::kTokenLocal;
}

// An operation for each element, and one division for each mean; writing it along the axis is a
// copy. Masked scores are counted.
double flops(const NodeContext& context) {
  return output_elements(context) +
         (reduce_op(context.node) == ReduceOp::kMean ? rows(context) : 0);
}

// Of an extremum its value, to find it again; of scores the masked copy where its entries matter.
double saved_elements(const NodeContext& context) {
  const ReduceOp op = reduce_op(context.node);
  if (op == ReduceOp::kMean || op == ReduceOp::kSum) return 0;
  return (op == ReduceOp::kProd ? 0 : rows(context)) +
         (is_over_keys(context.inputs) ? output_elements(context) : 0);
}

std::string over_keys(ReduceOp op, const std::string& scores) {
  const std::string masked =
      "self.fill_later(" + scores + ", " + torch_real(neutral_element(op)) + ")";
  if (op != ReduceOp::kMean) return reduction_text(op, masked, -1, true);
  return "torch.div(" + reduction_text(ReduceOp::kSum, masked, -1, true) + ", self.key_counts(" +
         scores + "))";
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const ReduceOp op = reduce_op(context.node);
  return (is_over_keys(context.inputs) ? over_keys(op, in[0])
                                       : reduction_text(op, in[0], -1, true)) +
         ".expand_as(" + in[0] + ")";
}

}  // namespace

PrimitiveSpec reduce_spec() {
  PrimitiveSpec spec = elementwise_unary(
      "reduce",
      "y[i] = op over all j of x[j] along the last axis, for every i; of scores over the keys "
      "s <= t of each query t in a causal model");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  spec.fields = {reduce_op_field()};
  spec.mixing = mixing;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
