#include "space/canonical_order.hpp"

#include <utility>

#include "space/canonical_ties.hpp"

namespace nas::space {

namespace {

constexpr std::uint32_t kNoValue = 0xFFFFFFFF;

/// Live nodes' values in depth-first order, and where each value goes.
struct Numbering {
  std::vector<ValueIndex> order;
  std::vector<std::uint32_t> to;
};

Numbering depth_first(const Program& graph) {
  const std::vector<PrimitiveTraits>& traits = primitive_traits();
  Numbering numbering;
  numbering.order.reserve(graph.nodes.size());
  numbering.to.assign(graph.value_count(), kNoValue);
  auto next = static_cast<std::uint32_t>(graph.inputs.size());
  for (std::uint32_t i = 0; i < next; ++i) numbering.to[i] = i;
  // Every value is on the stack at most once, since the graph has no cycle.
  std::vector<ValueIndex> stack;
  stack.reserve(graph.nodes.size() + 1);
  stack.push_back(graph.output);
  while (!stack.empty()) {
    const ValueIndex value = stack.back();
    if (numbering.to[value] != kNoValue) {
      stack.pop_back();
      continue;
    }
    const Node& node = graph.node_of(value);
    bool ready = true;
    for (std::size_t k = 0; ready && k < traits[node.primitive].arity; ++k) {
      ready = numbering.to[node.inputs[k]] != kNoValue;
      if (!ready) stack.push_back(node.inputs[k]);
    }
    if (!ready) continue;
    numbering.to[value] = next++;
    numbering.order.push_back(value);
    stack.pop_back();
  }
  return numbering;
}

Program renumbered(const Program& graph, const Numbering& numbering) {
  const std::vector<PrimitiveTraits>& traits = primitive_traits();
  Program program;
  program.inputs = graph.inputs;
  program.nodes.reserve(numbering.order.size());
  for (const ValueIndex value : numbering.order) {
    Node node = graph.node_of(value);
    for (std::size_t k = 0; k < traits[node.primitive].arity; ++k) {
      node.inputs[k] = static_cast<ValueIndex>(numbering.to[node.inputs[k]]);
    }
    program.nodes.push_back(node);
  }
  program.output = static_cast<ValueIndex>(numbering.to[graph.output]);
  return program;
}

std::vector<std::uint64_t> renumbered_colours(const ColouredGraph& graph,
                                              const Numbering& numbering) {
  std::vector<std::uint64_t> colours;
  const std::size_t inputs = graph.program.inputs.size();
  colours.reserve(inputs + numbering.order.size());
  colours.assign(graph.colours.begin(),
                 graph.colours.begin() + static_cast<std::ptrdiff_t>(inputs));
  for (const ValueIndex value : numbering.order) colours.push_back(graph.colours[value]);
  return colours;
}

bool has_tie(const ColouredGraph& graph, const Numbering& numbering) {
  const std::vector<PrimitiveTraits>& traits = primitive_traits();
  for (const ValueIndex value : numbering.order) {
    const Node& node = graph.program.node_of(value);
    if (traits[node.primitive].commutative && node.inputs[0] != node.inputs[1] &&
        graph.colours[node.inputs[0]] == graph.colours[node.inputs[1]]) {
      return true;
    }
  }
  return false;
}

}  // namespace

Program in_depth_first_order(const Program& graph) { return renumbered(graph, depth_first(graph)); }

ColouredGraph in_depth_first_order(const ColouredGraph& graph) {
  const Numbering numbering = depth_first(graph.program);
  return {renumbered(graph.program, numbering), renumbered_colours(graph, numbering)};
}

Program in_canonical_order(const ColouredGraph& graph) {
  const Numbering numbering = depth_first(graph.program);
  Program program = renumbered(graph.program, numbering);
  if (!has_tie(graph, numbering)) return program;
  return break_ties({std::move(program), renumbered_colours(graph, numbering)});
}

}  // namespace nas::space
