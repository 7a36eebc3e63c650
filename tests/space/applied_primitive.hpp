#pragma once

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "nas/space/primitive.hpp"

namespace nas::space {

/// A field by its name.
struct FieldValue {
  std::string name;
  double value;
};

/// A node with all other fields at their defaults. Throws std::invalid_argument for an unknown
/// field.
inline Node node_with(const std::string& primitive, const std::vector<FieldValue>& values) {
  Node node = make_node(primitive_index(primitive));
  const std::vector<FieldSpec>& fields = spec_of(node).fields;
  for (const FieldValue& wanted : values) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const FieldSpec& field) {
      return field.name == wanted.name;
    });
    if (found == fields.end()) throw std::invalid_argument(primitive + " has no " + wanted.name);
    node.fields[static_cast<std::size_t>(found - fields.begin())] = wanted.value;
  }
  return node;
}

/// Inputs and the output of one node, kept alive for a NodeContext.
struct Applied {
  Node node;
  std::vector<Shape> inputs;
  Shape output;
  [[nodiscard]] const PrimitiveSpec& spec() const { return spec_of(node); }
  [[nodiscard]] NodeContext context(const Dims& dims) const {
    return NodeContext{node, inputs, output, dims};
  }
};

/// Throws std::invalid_argument when the type rule refuses the inputs.
inline Applied apply(const std::string& primitive, const std::vector<Shape>& inputs,
                     const std::vector<FieldValue>& fields = {}) {
  Applied applied{node_with(primitive, fields), inputs, {}};
  const std::optional<Shape> output = applied.spec().type(inputs, applied.node);
  if (!output) throw std::invalid_argument(primitive + " refuses its inputs");
  applied.output = *output;
  return applied;
}

}  // namespace nas::space
