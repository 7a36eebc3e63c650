#include <utility>

#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

constexpr int kPlaces = 16;

/// The node `moved` with the operands of place `place`; false when it needs an operand more and
/// none fits.
bool put_in_place(const MutationBase& base, Node moved, std::size_t place, DrawCursor& cursor,
                  Node& result) {
  const Program& program = base.program;
  const Node& there = program.nodes[place];
  const int arity = spec_of(moved).arity;
  const int arity_there = spec_of(there).arity;
  result = moved;
  result.inputs = there.inputs;
  if (arity == arity_there) return true;
  if (arity < arity_there) {
    result.inputs = {there.inputs[cursor.below(2)], 0};
    return true;
  }
  if (moved.inputs[1] < program.value_of(place)) {
    result.inputs[1] = moved.inputs[1];
    return true;
  }
  std::vector<ValueIndex> fitting;
  for (ValueIndex value = 0; value < program.value_of(place); ++value) {
    result.inputs[1] = value;
    if (type_of(result, base.checked.shapes)) fitting.push_back(value);
  }
  if (fitting.empty()) return false;
  result.inputs[1] = fitting[cursor.below(static_cast<std::uint32_t>(fitting.size()))];
  return true;
}

}  // namespace

bool swap_nodes(const MutationBase& base, const MutationRules& rules, DrawCursor& cursor,
                Program& child) {
  const Program& program = base.program;
  const auto count = static_cast<std::uint32_t>(program.nodes.size());
  if (count < 2) return false;
  CheckedProgram checked;
  for (int place = 0; place < kPlaces; ++place) {
    const std::size_t first = cursor.below(count);
    std::size_t second = cursor.below(count - 1);
    if (second >= first) ++second;
    const Node& a = program.nodes[first];
    const Node& b = program.nodes[second];
    if (a.primitive == b.primitive && a.fields == b.fields) continue;
    Node at_first;
    Node at_second;
    if (!put_in_place(base, b, first, cursor, at_first) ||
        !put_in_place(base, a, second, cursor, at_second)) {
      continue;
    }
    child = program;
    child.nodes[first] = at_first;
    child.nodes[second] = at_second;
    // Exchanged types may fit together (a convolution and the split_heads after it), which only
    // the whole program tells.
    if (check(child, rules.check, checked).kind == Rejection::Kind::kNone) return true;
  }
  return false;
}

}  // namespace nas::space
