#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nas/space/space.hpp"
#include "space/json_reader.hpp"

namespace nas::space {

/// A leaf of the template: one fixed value or one choice. Values are sizes, enumerators, 0 and 1
/// for false and true, or places in the table of blocks.
struct Leaf {
  std::optional<std::size_t> choice;  ///< place in Space::choices()
  std::vector<std::int64_t> values;   ///< by option; the only one when fixed

  [[nodiscard]] std::int64_t value(const Sample& sample) const {
    return values[choice ? sample.choices[*choice] : 0];
  }
};

/// What the scalars of a leaf may be.
struct LeafKind {
  enum class Type { kInteger, kName, kBoolean };
  Type type = Type::kInteger;
  std::int64_t min = 1;                 ///< kInteger
  std::int64_t max = 1;                 ///< kInteger
  std::vector<std::string> names = {};  ///< kName; the value is the place
  std::string what = "";                ///< kName: "a mixer"
};

/// A leaf as read, before it has a place among the choices.
struct ParsedLeaf {
  std::vector<std::int64_t> values;
  std::optional<Choice> choice;  ///< without its name
};

/// Reads a scalar, {"choice": [...], "initial"} or {"int": {"min", "max", "step"}, "initial"}.
/// Nothing when there was a mistake.
[[nodiscard]] std::optional<ParsedLeaf> read_leaf(const Json& json, const std::string& pointer,
                                                  const LeafKind& kind, Mistakes& mistakes);

/// Gives the leaf's choice, if it is one, the next place and a name.
[[nodiscard]] Leaf add_leaf(const ParsedLeaf& parsed, const std::string& name,
                            std::vector<Choice>& choices);

/// The member of an object that wraps a leaf for each layer, or null.
[[nodiscard]] const Json* per_layer_part(const Json& json);

}  // namespace nas::space
