#include "nas/space/check.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"

namespace nas::space {

namespace {

using Kind = Rejection::Kind;

constexpr std::size_t kMaxValues = std::size_t{std::numeric_limits<ValueIndex>::max()} + 1;

/// What is wrong with a node by itself, before types.
struct Malformation {
  enum class Kind { kNone, kPrimitive, kInput, kSpareInput, kField, kSpareField };
  Kind kind = Kind::kNone;
  std::size_t which = 0;  ///< of the node's inputs or fields
};

/// A negative zero is refused: it equals zero but has other bits, so equal programs would hash
/// differently.
bool is_legal(const FieldSpec& field, double value) {
  if (!(value >= field.min && value <= field.max)) return false;
  if (value == 0 && (std::signbit(value) || !field.zero_allowed)) return false;
  return field.kind == FieldKind::kReal || value == std::trunc(value);
}

Malformation malformation_of(const Node& node, std::size_t first_missing_value,
                             std::span<const PrimitiveSpec> table) {
  using What = Malformation::Kind;
  if (node.primitive >= table.size()) return {What::kPrimitive, 0};
  const PrimitiveSpec& spec = table[node.primitive];
  for (std::size_t i = 0; i < kMaxInputs; ++i) {
    if (i >= static_cast<std::size_t>(spec.arity)) {
      if (node.inputs[i] != 0) return {What::kSpareInput, i};
    } else if (node.inputs[i] >= first_missing_value) {
      return {What::kInput, i};
    }
  }
  const std::size_t count = spec.fields.size();
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_legal(spec.fields[i], node.fields[i])) return {What::kField, i};
  }
  for (std::size_t i = count; i < kMaxFields; ++i) {
    if (node.fields[i] != 0 || std::signbit(node.fields[i])) return {What::kSpareField, i};
  }
  return {};
}

/// Shapes and mixing of every value, in order.
Rejection infer(const Program& program, CheckedProgram& checked) {
  const std::span<const PrimitiveSpec> table = primitives();
  const std::size_t inputs = program.inputs.size();
  checked.shapes.assign(program.inputs.begin(), program.inputs.end());
  checked.shapes.resize(program.value_count());
  checked.mixings.assign(program.value_count(), TimeMixing::kTokenLocal);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    if (malformation_of(node, inputs + i, table).kind != Malformation::Kind::kNone) {
      return {Kind::kMalformed, i};
    }
    const PrimitiveSpec& spec = table[node.primitive];
    const std::array<Shape, kMaxInputs> operands = {checked.shapes[node.inputs[0]],
                                                    checked.shapes[node.inputs[1]]};
    const std::span<const Shape> in(operands.data(), static_cast<std::size_t>(spec.arity));
    const std::optional<Shape> shape = spec.type(in, node);
    if (!shape) return {Kind::kShape, i};
    checked.shapes[inputs + i] = *shape;
    TimeMixing mixing = spec.mixing(in, node);
    for (std::size_t k = 0; k < in.size(); ++k) {
      mixing = std::max(mixing, checked.mixings[node.inputs[k]]);
    }
    checked.mixings[inputs + i] = mixing;
  }
  return {};
}

/// Marks what the output depends on; returns the number of live nodes.
int mark_live(const Program& program, std::vector<bool>& live) {
  const std::size_t inputs = program.inputs.size();
  live.assign(program.value_count(), false);
  live[program.output] = true;
  int count = 0;
  for (std::size_t i = program.nodes.size(); i-- > 0;) {
    if (!live[inputs + i]) continue;
    ++count;
    const Node& node = program.nodes[i];
    // An unused second input is value 0, so it must not be followed.
    live[node.inputs[0]] = true;
    if (spec_of(node).arity > 1) live[node.inputs[1]] = true;
  }
  return count;
}

TimeMixing own_mixing(const Program& program, std::size_t node, const CheckedProgram& checked) {
  const Node& at = program.nodes[node];
  const std::array<Shape, kMaxInputs> operands = {checked.shapes[at.inputs[0]],
                                                  checked.shapes[at.inputs[1]]};
  const PrimitiveSpec& spec = spec_of(at);
  return spec.mixing({operands.data(), static_cast<std::size_t>(spec.arity)}, at);
}

/// The first live node that itself mixes time more than allowed.
std::size_t leaking_node(const Program& program, const CheckRules& rules,
                         const CheckedProgram& checked) {
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (checked.live[program.inputs.size() + i] &&
        own_mixing(program, i, checked) > rules.allowed) {
      return i;
    }
  }
  return program.nodes.size();
}

std::string range_text(const FieldSpec& field) {
  switch (field.kind) {
    case FieldKind::kBoolean:
      return "must be false or true";
    case FieldKind::kChoice: {
      std::string text = "must be one of";
      for (const std::string& choice : field.choices) text += " " + choice;
      return text;
    }
    case FieldKind::kInteger:
    case FieldKind::kReal:
      break;
  }
  std::string text = field.kind == FieldKind::kInteger ? "must be an integer in [" : "must be in [";
  text += format_exact(field.min) + ", " + format_exact(field.max) + "]";
  return text + (field.zero_allowed ? "" : " other than 0");
}

std::string malformation_text(const Program& program, std::size_t node) {
  const Node& at = program.nodes[node];
  const Malformation found = malformation_of(at, program.inputs.size() + node, primitives());
  switch (found.kind) {
    case Malformation::Kind::kPrimitive:
      return "there is no primitive number " + std::to_string(at.primitive);
    case Malformation::Kind::kInput:
      return "input " + std::to_string(found.which + 1) + " is not made before its use";
    case Malformation::Kind::kSpareInput:
      return "takes " + std::to_string(spec_of(at).arity) + " input, a second one is set";
    case Malformation::Kind::kField: {
      const FieldSpec& field = spec_of(at).fields[found.which];
      return field.name + " = " + format_exact(at.fields[found.which]) + ": " + range_text(field);
    }
    case Malformation::Kind::kSpareField:
      return "has " + std::to_string(spec_of(at).fields.size()) + " fields, another one is set";
    case Malformation::Kind::kNone:
      break;
  }
  return "is well formed";
}

/// A node as the text form writes it: "v3 = linear(v2, out=inner_dim)".
std::string line_of(const Program& program, std::size_t node) {
  const std::string text = to_text(program);
  std::size_t begin = 0;
  for (std::size_t line = 0; line <= node; ++line) begin = text.find('\n', begin) + 1;
  begin = text.find_first_not_of(' ', begin);
  return text.substr(begin, text.find('\n', begin) - begin);
}

std::string list_of(std::span<const Shape> shapes) {
  std::string text;
  for (const Shape& shape : shapes) text += (text.empty() ? "" : " and ") + to_text(shape);
  return text.empty() ? "nothing" : text;
}

std::string operands_text(const Program& program, std::size_t node, const CheckedProgram& checked) {
  const Node& at = program.nodes[node];
  const std::array<Shape, kMaxInputs> operands = {checked.shapes[at.inputs[0]],
                                                  checked.shapes[at.inputs[1]]};
  return list_of({operands.data(), static_cast<std::size_t>(spec_of(at).arity)});
}

std::string leak_text(const Program& program, std::size_t node, const CheckRules& rules,
                      const CheckedProgram& checked) {
  const TimeMixing mixing = own_mixing(program, node, checked);
  const PrimitiveSpec& spec = spec_of(program.nodes[node]);
  if (mixing == TimeMixing::kBidirectional && spec.leak != nullptr) {
    return "leaks the future: " + spec.leak(program.nodes[node]);
  }
  return std::string("mixes time (") + to_text(mixing) + "), at most " + to_text(rules.allowed) +
         " is allowed here";
}

}  // namespace

Rejection check(const Program& program, const CheckRules& rules, CheckedProgram& checked) {
  const std::size_t inputs = program.inputs.size();
  if (inputs == 0 || (rules.model_input && (inputs != 1 || program.inputs[0] != kModelShape))) {
    return {Kind::kInput, 0};
  }
  if (program.value_count() > kMaxValues) return {Kind::kTooLarge, 0};
  if (const Rejection found = infer(program, checked); found.kind != Kind::kNone) return found;
  if (program.output >= program.value_count()) return {Kind::kMalformed, program.nodes.size()};
  if (checked.shapes[program.output] != rules.output) return {Kind::kOutput, 0};
  const int live_nodes = mark_live(program, checked.live);
  for (std::size_t i = 0; i < inputs; ++i) {
    if (!checked.live[i]) return {Kind::kUnused, i};
  }
  if (live_nodes > rules.max_nodes) return {Kind::kTooLarge, 0};
  if (checked.mixings[program.output] > rules.allowed) {
    return {Kind::kLeak, leaking_node(program, rules, checked)};
  }
  return {};
}

std::string explain(const Rejection& rejection, const Program& program, const CheckRules& rules) {
  CheckedProgram checked;
  const std::size_t node = rejection.node;
  if (rejection.kind != Kind::kInput && program.value_count() <= kMaxValues) {
    static_cast<void>(check(program, rules, checked));
  }
  switch (rejection.kind) {
    case Kind::kMalformed:
      if (node == program.nodes.size()) return "the output is not a value of the program";
      return line_of(program, node) + ": " + malformation_text(program, node);
    case Kind::kShape:
      return line_of(program, node) + ": " + spec_of(program.nodes[node]).name + " takes " +
             spec_of(program.nodes[node]).accepts + ", not " +
             operands_text(program, node, checked);
    case Kind::kOutput:
      return "the output has shape " + to_text(checked.shapes[program.output]) +
             ", its place needs " + to_text(rules.output);
    case Kind::kLeak:
      return line_of(program, node) + ": " + leak_text(program, node, rules, checked);
    case Kind::kUnused:
      return "the output does not depend on input " + std::to_string(node + 1);
    case Kind::kTooLarge:
      if (program.value_count() > kMaxValues) return "more than 65536 values";
      return std::to_string(mark_live(program, checked.live)) +
             " nodes that the output needs, at most " + std::to_string(rules.max_nodes) +
             " are allowed";
    case Kind::kInput:
      return "the program takes " + list_of(program.inputs) + ", " +
             (rules.model_input ? "its place gives " + to_text(kModelShape)
                                : std::string("at least one input is needed"));
    case Kind::kNone:
      break;
  }
  return "accepted";
}

void require_valid(const Program& program, const CheckRules& rules, const std::string& where) {
  CheckedProgram checked;
  const Rejection rejection = check(program, rules, checked);
  if (rejection.kind == Kind::kNone) return;
  throw Error(ErrorKind::kConfig, where + ": " + explain(rejection, program, rules));
}

}  // namespace nas::space
