#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

constexpr int kPlaces = 8;

}  // namespace

bool delete_node(const MutationBase& base, DrawCursor& cursor, Program& child) {
  const Program& program = base.program;
  if (program.nodes.empty()) return false;
  for (int place = 0; place < kPlaces; ++place) {
    const std::size_t i = cursor.below(static_cast<std::uint32_t>(program.nodes.size()));
    const Node& node = program.nodes[i];
    const std::size_t k = cursor.below(static_cast<std::uint32_t>(spec_of(node).arity));
    const ValueIndex removed = program.value_of(i);
    const ValueIndex instead = node.inputs[k];
    if (!uses_accept(base, removed, base.checked.shapes[instead])) continue;
    child = program;
    child.nodes.erase(child.nodes.begin() + static_cast<std::ptrdiff_t>(i));
    const auto renamed = [&](ValueIndex value) -> ValueIndex {
      if (value == removed) return instead;
      return value > removed ? static_cast<ValueIndex>(value - 1) : value;
    };
    for (std::size_t later = i; later < child.nodes.size(); ++later) {
      for (ValueIndex& input : child.nodes[later].inputs) input = renamed(input);
    }
    child.output = renamed(child.output);
    return true;
  }
  return false;
}

}  // namespace nas::space
