#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "nas/space/blocks.hpp"
#include "nas/space/space.hpp"
#include "space/rule.hpp"
#include "space/space_leaf.hpp"

namespace nas::space {

/// A mixer or feed-forward (by name, by choice of names, a program, or evolving), or a whole layer
/// (a program, or evolving).
struct Part {
  Leaf block;                       ///< places in blocks().names(), unless one of the others
  std::optional<Program> program;   ///< fixed
  std::optional<std::size_t> slot;  ///< place in Space::slots()
  [[nodiscard]] bool is_named() const { return !program && !slot; }
};

/// One layer of the template. A whole layer has no mixer, feed_forward and what goes with them.
struct LayerTemplate {
  Leaf heads;
  Leaf inner_dim;
  std::optional<Part> whole;
  Leaf norm;
  Leaf norm_place;
  Leaf bias;
  Part mixer;
  Part feed_forward;
};

inline constexpr std::int64_t kMaxDepth = 1024;
inline constexpr std::int64_t kMaxSize = std::int64_t{1} << 24;  ///< of a dimension

/// Where a choice or slot applies.
inline constexpr std::int64_t kAllLayers = -1;

/// Everything of a space but its choices and slots.
struct SpaceTemplate {
  ModelSpec model;
  Leaf depth;
  Leaf model_dim;
  std::vector<LayerTemplate> layers;  ///< of the largest depth; shared leaves repeat
  std::vector<Rule> rules;
  std::vector<std::int64_t> choice_layer;  ///< by choice: its layer or kAllLayers
  std::vector<std::int64_t> slot_layer;    ///< by slot
  std::vector<bool> slot_may_hold_rope;    ///< by slot
  /// By slot: what must divide model_dim, so that every size of a DNA is a whole number, even under
  /// rope; 1 for a flat program.
  std::vector<std::int64_t> slot_divisor;
  /// By place in blocks().names(): the program without and with bias.
  std::vector<std::array<Program, 2>> block_programs;
  std::vector<bool> block_has_rope;

  /// Number of layers of a sample; "prefix" policy: the first ones of the template.
  [[nodiscard]] std::size_t depth_of(const Sample& sample) const {
    return static_cast<std::size_t>(depth.value(sample));
  }
  [[nodiscard]] bool is_used(std::int64_t layer, std::size_t depth_in_use) const {
    return layer == kAllLayers || static_cast<std::size_t>(layer) < depth_in_use;
  }
  [[nodiscard]] const Program& block_program(const LayerTemplate& layer, const Part& part,
                                             const Sample& sample) const {
    return block_programs[static_cast<std::size_t>(part.block.value(sample))]
                         [static_cast<std::size_t>(layer.bias.value(sample))];
  }
  /// The program that stands in a part.
  [[nodiscard]] const Program& program(const LayerTemplate& layer, const Part& part,
                                       const Sample& sample) const {
    if (part.slot) return sample.programs[*part.slot];
    return part.program ? *part.program : block_program(layer, part, sample);
  }
  /// Whether rope stands in a part, or may come to stand there.
  [[nodiscard]] bool needs_even_head_dim(const Part& part, const Sample& sample) const;
  [[nodiscard]] Program layer_program(const LayerTemplate& layer, const Sample& sample) const;
  [[nodiscard]] RuleSizes sizes(const LayerTemplate& layer, const Sample& sample) const;

  /// Broken rules by number: the three implicit ones, then the template's.
  static constexpr std::size_t kHeadsDivide = 0;
  static constexpr std::size_t kEvenHeadDim = 1;
  static constexpr std::size_t kUnits = 2;
  static constexpr std::size_t kFirstRule = 3;
  [[nodiscard]] std::optional<std::size_t> broken_rule(const Sample& sample) const;
  [[nodiscard]] std::string rule_text(std::size_t rule) const;
};

struct Space::Template : SpaceTemplate {};

}  // namespace nas::space
