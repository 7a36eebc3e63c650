#include <array>
#include <span>

#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

using InputShapes = std::array<Shape, kMaxInputs>;

InputShapes input_shapes(const Node& node, const std::vector<Shape>& shapes) {
  return {shapes[node.inputs[0]], shapes[node.inputs[1]]};
}

std::span<const Shape> used(const InputShapes& inputs, const PrimitiveSpec& spec) {
  return std::span<const Shape>(inputs).first(static_cast<std::size_t>(spec.arity));
}

}  // namespace

std::optional<Shape> type_of(const Node& node, const std::vector<Shape>& shapes) {
  const PrimitiveSpec& spec = spec_of(node);
  return spec.type(used(input_shapes(node, shapes), spec), node);
}

bool mixing_is_allowed(const Node& node, const std::vector<Shape>& shapes, TimeMixing allowed) {
  const PrimitiveSpec& spec = spec_of(node);
  return spec.mixing(used(input_shapes(node, shapes), spec), node) <= allowed;
}

bool use_accepts(const MutationBase& base, std::size_t node, std::size_t operand,
                 const Shape& shape) {
  const Node& user = base.program.nodes[node];
  const PrimitiveSpec& spec = spec_of(user);
  InputShapes inputs = input_shapes(user, base.checked.shapes);
  inputs[operand] = shape;
  return spec.type(used(inputs, spec), user) == base.checked.shapes[base.program.value_of(node)];
}

bool uses_accept(const MutationBase& base, ValueIndex value, const Shape& shape) {
  const Program& program = base.program;
  if (shape == base.checked.shapes[value]) return true;
  if (program.output == value) return false;
  // Operands are looked at one by one: a node that uses the value twice and would accept only
  // both changed is left out.
  const std::size_t first_user = program.is_input(value) ? 0 : value - program.inputs.size() + 1;
  for (std::size_t i = first_user; i < program.nodes.size(); ++i) {
    const Node& user = program.nodes[i];
    for (std::size_t k = 0; k < static_cast<std::size_t>(spec_of(user).arity); ++k) {
      if (user.inputs[k] == value && !use_accepts(base, i, k, shape)) return false;
    }
  }
  return true;
}

}  // namespace nas::space
