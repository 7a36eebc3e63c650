#include "space/primitives/rules.hpp"

#include <cmath>
#include <limits>

#include "nas/core/units.hpp"
#include "nas/space/primitive_fields.hpp"

namespace nas::space {

bool is_sequence(const Shape& shape) { return is_tokens(shape) || is_branched(shape); }

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

std::optional<Shape> projection_shape(std::span<const Shape> inputs, const Node& node) {
  if (inputs[0] != kModelShape && inputs[0] != kInnerShape) return std::nullopt;
  return node.fields[0] == static_cast<double>(LinearOut::kInnerDim) ? kInnerShape : kModelShape;
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

std::int64_t last_axis(const NodeContext& context, const Shape& shape) {
  const int rank = shape.rank();
  return rank == 0 ? 1 : context.dims.size(shape.axes[static_cast<std::size_t>(rank - 1)]);
}

std::int64_t last_axis(const NodeContext& context) { return last_axis(context, context.output); }

std::int64_t parallel(const NodeContext& context) {
  return context.output.rank() == 4 ? context.dims.size(context.output.axes[1]) : 1;
}

double rows(const NodeContext& context) {
  return output_elements(context) / static_cast<double>(last_axis(context));
}

double no_flops(const NodeContext& /*context*/) { return 0; }

std::optional<Shape> learned_vector_shape(std::span<const Shape> inputs, const Node& /*node*/) {
  if (!is_sequence(inputs[0]) && !is_scores(inputs[0])) return std::nullopt;
  return inputs[0];
}

ParameterList learned_vector(const NodeContext& context, const char* name) {
  ParameterList list;
  if (is_branched(context.output)) {
    list.add({name, {parallel(context), last_axis(context)}});
  } else if (is_scores(context.output)) {
    list.add({name, {parallel(context), 0}});
  } else {
    list.add({name, {last_axis(context), 0}});
  }
  return list;
}

std::string broadcast_vector(const NodeContext& context, const std::string& weight) {
  if (is_branched(context.output)) return "torch.unsqueeze(" + weight + ", 1)";
  if (is_scores(context.output)) {
    return "torch.reshape(" + weight + ", [" + std::to_string(parallel(context)) + ", 1, 1])";
  }
  return weight;
}

std::string torch_call(const char* operation, std::span<const std::string> in) {
  std::string text = std::string("torch.") + operation + "(";
  for (std::size_t i = 0; i < in.size(); ++i) text += (i ? ", " : "") + in[i];
  return text + ")";
}

std::string torch_real(double value) {
  if (std::isinf(value)) return value > 0 ? "float(\"inf\")" : "float(\"-inf\")";
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

ReduceOp reduce_op(const Node& node) {
  return static_cast<ReduceOp>(static_cast<int>(node.fields[reduce_field::kOp]));
}

double neutral_element(ReduceOp op) {
  switch (op) {
    case ReduceOp::kMin:
      return std::numeric_limits<double>::infinity();
    case ReduceOp::kMax:
      return -std::numeric_limits<double>::infinity();
    case ReduceOp::kProd:
      return 1;
    case ReduceOp::kMean:
    case ReduceOp::kSum:
      break;
  }
  return 0;
}

std::string reduction_text(ReduceOp op, const std::string& x, int axis, bool keep) {
  static constexpr std::array<const char*, 5> kNames = {"mean", "sum", "amin", "amax", "prod"};
  const std::string number = std::to_string(axis);
  const std::string axes = op == ReduceOp::kProd ? number : "[" + number + "]";
  return std::string("torch.") + kNames[static_cast<std::size_t>(op)] + "(" + x + ", " + axes +
         (keep ? ", True)" : ", False)");
}

FieldSpec reduce_op_field() {
  return choice_field("op", {"mean", "sum", "min", "max", "prod"}, "what joins the values");
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

FieldSpec count_field(const char* name, int max, int fallback, const char* help) {
  FieldSpec field;
  field.name = name;
  field.min = 1;
  field.max = max;
  field.fallback = fallback;
  field.help = help;
  return field;
}

int branch_count(const Node& node) { return static_cast<int>(node.fields[branches_field::kCount]); }

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
