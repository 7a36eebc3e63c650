#pragma once

#include <vector>

#include "space/canonical_rewrite.hpp"

namespace nas::space {

/// The live part of a graph with its nodes in depth-first order from the output, a node after its
/// operands, first operands first. Nodes need not be sorted. For a graph whose operands are
/// ordered, an order that depends only on the graph.
[[nodiscard]] Program in_depth_first_order(const Program& graph);
/// The same for the nodes and their colours.
[[nodiscard]] ColouredGraph in_depth_first_order(const ColouredGraph& graph);

/// The live part of a rewritten graph in an order that depends only on the graph: the operands of
/// each commutative node sorted by colour, ties broken by break_ties, then depth-first order.
[[nodiscard]] Program in_canonical_order(const ColouredGraph& graph);

}  // namespace nas::space
