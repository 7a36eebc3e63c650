#include "space/primitives/rules.hpp"

#include "nas/core/units.hpp"

namespace nas::space {

bool is_sequence(const Shape& shape) {
  return shape == kModelShape || shape == kInnerShape || shape == kHeadsShape;
}

std::optional<Shape> same_shape(std::span<const Shape> inputs, const Node& /*node*/) {
  return inputs[0];
}

std::optional<Shape> equal_shapes(std::span<const Shape> inputs, const Node& /*node*/) {
  if (inputs[0] != inputs[1]) return std::nullopt;
  return inputs[0];
}

std::optional<Shape> sequence_shape(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_sequence(inputs[0])) return std::nullopt;
  return inputs[0];
}

TimeMixing token_local(std::span<const Shape> /*inputs*/, const Node& /*node*/) {
  return TimeMixing::kTokenLocal;
}

TimeMixing causal(std::span<const Shape> /*inputs*/, const Node& /*node*/) {
  return TimeMixing::kCausal;
}

TimeMixing bidirectional(std::span<const Shape> /*inputs*/, const Node& /*node*/) {
  return TimeMixing::kBidirectional;
}

double output_elements(const NodeContext& context) {
  return static_cast<double>(context.dims.elements(context.output));
}

std::int64_t last_axis(const NodeContext& context) {
  const int rank = context.output.rank();
  return rank == 0 ? 1 : context.dims.size(context.output.axes[static_cast<std::size_t>(rank - 1)]);
}

double rows(const NodeContext& context) {
  return output_elements(context) / static_cast<double>(last_axis(context));
}

double no_flops(const NodeContext& /*context*/) { return 0; }

std::optional<Shape> learned_vector_shape(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_sequence(inputs[0]) && inputs[0] != kScoresShape) return std::nullopt;
  return inputs[0];
}

ParameterList learned_vector(const NodeContext& context, const char* name) {
  ParameterList list;
  const Dims& dims = context.dims;
  if (context.output == kHeadsShape) {
    list.add({name, {dims.heads, dims.head_dim}});
  } else if (context.output == kScoresShape) {
    list.add({name, {dims.heads, 0}});
  } else {
    list.add({name, {last_axis(context), 0}});
  }
  return list;
}

std::string broadcast_vector(const NodeContext& context, const std::string& weight) {
  if (context.output == kHeadsShape) return "torch.unsqueeze(" + weight + ", 1)";
  if (context.output == kScoresShape) {
    return "torch.reshape(" + weight + ", [" + std::to_string(context.dims.heads) + ", 1, 1])";
  }
  return weight;
}

std::string torch_call(const char* operation, std::span<const std::string> in) {
  std::string text = std::string("torch.") + operation + "(";
  for (std::size_t i = 0; i < in.size(); ++i) text += (i ? ", " : "") + in[i];
  return text + ")";
}

std::string torch_real(double value) {
  std::string text = format_exact(value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

PrimitiveSpec elementwise_unary(const char* name, const char* formula) {
  PrimitiveSpec spec;
  spec.name = name;
  spec.formula = formula;
  spec.source = "common";
  spec.arity = 1;
  spec.type = same_shape;
  spec.accepts = kAnyShape;
  spec.mixing = token_local;
  spec.flops = flops_per_element<1>;
  return spec;
}

PrimitiveSpec elementwise_binary(const char* name, const char* formula, bool commutative) {
  PrimitiveSpec spec = elementwise_unary(name, formula);
  spec.arity = 2;
  spec.commutative = commutative;
  spec.type = equal_shapes;
  spec.accepts = kEqualShapes;
  return spec;
}

FieldSpec choice_field(const char* name, std::vector<std::string> choices, const char* help) {
  FieldSpec field;
  field.name = name;
  field.kind = FieldKind::kChoice;
  field.max = static_cast<double>(choices.size()) - 1;
  field.choices = std::move(choices);
  field.help = help;
  return field;
}

FieldSpec boolean_field(const char* name, const char* help) {
  FieldSpec field;
  field.name = name;
  field.kind = FieldKind::kBoolean;
  field.max = 1;
  field.help = help;
  return field;
}

FieldSpec epsilon_field() {
  FieldSpec field;
  field.name = "eps";
  field.kind = FieldKind::kReal;
  field.min = 1e-12;
  field.max = 1;
  field.fallback = 1e-5;
  field.help = "added to the mean square before the root";
  return field;
}

}  // namespace nas::space
