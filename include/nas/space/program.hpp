#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "nas/space/shape.hpp"

namespace nas::space {

inline constexpr int kMaxInputs = 2;
inline constexpr int kMaxFields = 3;

/// Index of a value in a program: first the program's inputs, then one value for each node.
using ValueIndex = std::uint16_t;

/// One application of a primitive. Fixed size, so programs copy and compare fast.
struct Node {
  std::uint16_t primitive = 0;                  ///< index in the primitive table
  std::array<ValueIndex, kMaxInputs> inputs{};  ///< unused ones 0
  std::array<double, kMaxFields> fields{};      ///< as PrimitiveSpec::fields; unused ones 0.
                                                ///< integers, booleans and choice indices exact
  bool operator==(const Node&) const = default;
};

/// A typed program in single-assignment form: a directed acyclic graph whose nodes stand in an
/// order in which every input precedes its use. A plain value; nothing here is checked, see
/// check.hpp. Two nodes that hold parameters hold different parameters, always: sharing is using
/// one node's value twice.
struct Program {
  std::vector<Shape> inputs{kModelShape};
  std::vector<Node> nodes;
  ValueIndex output = 0;

  [[nodiscard]] std::size_t value_count() const { return inputs.size() + nodes.size(); }
  [[nodiscard]] bool is_input(ValueIndex value) const { return value < inputs.size(); }
  /// The node that makes a value; only for !is_input(value).
  [[nodiscard]] const Node& node_of(ValueIndex value) const { return nodes[value - inputs.size()]; }
  /// The value that node number `node` makes.
  [[nodiscard]] ValueIndex value_of(std::size_t node) const {
    return static_cast<ValueIndex>(inputs.size() + node);
  }
  bool operator==(const Program&) const = default;
};

}  // namespace nas::space
