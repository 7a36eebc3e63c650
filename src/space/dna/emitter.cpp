#include "space/dna/emitter.hpp"

#include <algorithm>

#include "nas/core/error.hpp"
#include "nas/space/primitive_fields.hpp"
#include "space/dead_nodes.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {
namespace {

std::optional<Shape> type_of(const Node& node, const Value& x, const Value& y) {
  const PrimitiveSpec& spec = spec_of(node);
  const std::array<Shape, kMaxInputs> shapes = {x.shape, y.shape};
  return spec.type(std::span(shapes).first(static_cast<std::size_t>(spec.arity)), node);
}

Node counted(std::string_view primitive, int count) {
  Node node = Emitter::node_of(primitive);
  node.fields[0] = count;
  return node;
}

/// Which nodes a value needs.
std::vector<bool> live_values(const Program& program) {
  std::vector<bool> live(program.value_count());
  live[program.output] = true;
  for (std::size_t i = program.nodes.size(); i-- > 0;) {
    if (!live[program.value_of(i)]) continue;
    const Node& node = program.nodes[i];
    for (int k = 0; k < spec_of(node).arity; ++k) {
      live[node.inputs[static_cast<std::size_t>(k)]] = true;
    }
  }
  return live;
}

}  // namespace

int branches_of(const Value& value) {
  return value.shape.rank() == 4 ? branches_of(value.shape.axes[1]) : 1;
}

int units_of(const Value& value) {
  return units_of(value.shape.axes[is_branched(value.shape) ? 3 : 2]);
}

bool is_sequence(const Value& value) { return is_sequence(value.shape); }

Node Emitter::node_of(std::string_view primitive) { return make_node(primitive_index(primitive)); }

bool Emitter::accepts(const Node& node, const Value& x) { return type_of(node, x, x).has_value(); }

Value Emitter::emit(Node node, const Value& x) {
  node.inputs = {x.index, 0};
  const std::optional<Shape> shape = type_of(node, x, x);
  NAS_ASSERT(shape.has_value());
  is_full_ = is_full_ || static_cast<int>(program_.nodes.size()) >= max_nodes_;
  if (is_full_) return {0, *shape};
  program_.nodes.push_back(node);
  shapes_.push_back(*shape);
  return {program_.value_of(program_.nodes.size() - 1), *shape};
}

Value Emitter::emit(Node node, const Value& x, const Value& y) {
  node.inputs = {x.index, y.index};
  const std::optional<Shape> shape = type_of(node, x, y);
  NAS_ASSERT(shape.has_value());
  is_full_ = is_full_ || static_cast<int>(program_.nodes.size()) >= max_nodes_;
  if (is_full_) return {0, *shape};
  program_.nodes.push_back(node);
  shapes_.push_back(*shape);
  return {program_.value_of(program_.nodes.size() - 1), *shape};
}

Value Emitter::with_branches(const Value& x, int branches) {
  const int have = branches_of(x);
  return have == branches ? x : emit(counted("repeat_branches", branches / have), x);
}

Value Emitter::with_axis(const Value& x) {
  return is_tokens(x.shape) ? emit(counted("split_branches", 1), x) : x;
}

Value Emitter::without_axis(const Value& x) {
  return is_branched(x.shape) && branches_of(x) == 1 ? emit(counted("merge_branches", 1), x) : x;
}

Value Emitter::merged(const Value& x, int count) {
  const Value narrow = fitted(x, std::min(units_of(x), kMaxUnits / count));
  return emit(counted("merge_branches", count), narrow);
}

Value Emitter::split(const Value& x, int count) {
  return count == 1 ? x : emit(counted("split_branches", count), x);
}

Value Emitter::fitted(const Value& x, int units) {
  const int wanted = std::min(units, kMaxUnits);
  return units_of(x) == wanted ? x : emit(counted("fit_features", wanted), x);
}

const Node* Emitter::maker(const Value& value, std::string_view primitive) const {
  if (is_full_ || program_.is_input(value.index)) return nullptr;
  const Node& node = program_.node_of(value.index);
  return spec_of(node).name == primitive ? &node : nullptr;
}

Program Emitter::finish(const Value& output) const {
  Program program = program_;
  program.output = output.index;
  drop_dead_nodes(program, live_values(program));
  return program;
}

}  // namespace nas::space
