#include "space/dead_nodes.hpp"

#include "nas/space/primitive.hpp"

namespace nas::space {

void drop_dead_nodes(Program& program, const std::vector<bool>& live) {
  const std::size_t inputs = program.inputs.size();
  std::vector<ValueIndex> to(program.value_count());
  for (std::size_t i = 0; i < inputs; ++i) to[i] = static_cast<ValueIndex>(i);
  std::size_t kept = 0;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (!live[inputs + i]) continue;
    Node node = program.nodes[i];
    const auto arity = static_cast<std::size_t>(spec_of(node).arity);
    for (std::size_t k = 0; k < arity; ++k) node.inputs[k] = to[node.inputs[k]];
    to[inputs + i] = static_cast<ValueIndex>(inputs + kept);
    program.nodes[kept++] = node;
  }
  program.nodes.resize(kept);
  program.output = to[program.output];
}

}  // namespace nas::space
