#pragma once

#include <string>
#include <vector>

#include "nas/space/program.hpp"

namespace nas::test {

/// A program as the slow reference for canonical form sees it: sums carry signs, so that add,
/// subtract and negate meet in one node.
struct ReferenceNode {
  std::string op;  ///< "sum" for add and subtract
  std::vector<double> fields;
  std::vector<std::size_t> operands;
  std::vector<int> signs;  ///< of a sum's operands
  bool trained = false;
  bool commutative = false;
};

struct ReferenceGraph {
  std::vector<space::Shape> inputs;
  std::vector<ReferenceNode> nodes;
  std::size_t output = 0;
  [[nodiscard]] bool is_input(std::size_t value) const { return value < inputs.size(); }
  [[nodiscard]] const ReferenceNode& at(std::size_t value) const {
    return nodes[value - inputs.size()];
  }
};

/// The rules of canonical.hpp, one at a time until none applies; live nodes only.
[[nodiscard]] ReferenceGraph reference_graph(const space::Program& program);

/// Whether nodes of these two do the same, operands apart.
[[nodiscard]] bool same_label(const ReferenceNode& a, const ReferenceNode& b);

/// Whether the graphs are equal up to numbering and the order of commutative operands: matches
/// them from the output down, trying both orders with backtracking.
[[nodiscard]] bool isomorphic(const ReferenceGraph& a, const ReferenceGraph& b);

/// Whether two programs are equal by the rules of canonical.hpp.
[[nodiscard]] bool equivalent(const space::Program& a, const space::Program& b);

}  // namespace nas::test
