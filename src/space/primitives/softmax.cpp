#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

bool over_queries(const Node& node) {
  return node.fields[softmax_field::kAxis] == static_cast<double>(SoftmaxAxis::kQueries);
}

bool is_unmasked(const Node& node) {
  return node.fields[softmax_field::kMask] == static_cast<double>(SoftmaxMask::kNone);
}

std::optional<Shape> type(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_scores(inputs[0])) return std::nullopt;
  return inputs[0];
}

TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  return over_queries(node) || is_unmasked(node) ? TimeMixing::kBidirectional : TimeMixing::kCausal;
}

std::string leak(const Node& node) {
  return over_queries(node) ? "normalises over all queries, later ones included"
                            : "normalises over all keys without the causal mask";
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  if (over_queries(context.node)) return "torch.softmax(" + in[0] + ", -2)";
  if (is_unmasked(context.node)) return "torch.softmax(" + in[0] + ", -1)";
  return "self.softmax_keys(" + in[0] + ")";
}

}  // namespace

PrimitiveSpec softmax_spec() {
  PrimitiveSpec spec;
  spec.name = "softmax";
  spec.formula = "y[t, s] = e^x[t, s] / sum over keys s' of e^x[t, s'], masked keys 0";
  spec.source = "Vaswani et al. 2017 (arXiv:1706.03762)";
  spec.fields = {choice_field("axis", {"keys", "queries"}, "what sums to 1"),
                 choice_field("mask", {"by_type", "none"},
                              "by_type: keys after the query are left out in a causal model")};
  spec.type = type;
  spec.accepts = "[batch, heads, seq, seq]";
  spec.mixing = mixing;
  spec.leak = leak;
  // Comparison for the maximum, subtract, exponential, add to the sum, divide.
  spec.flops = flops_per_element<5>;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
