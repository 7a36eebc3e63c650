#pragma once

#include <array>
#include <optional>
#include <string>

#include "nas/space/blocks.hpp"
#include "nas/space/space.hpp"
#include "space/json_reader.hpp"

namespace nas::space {

inline constexpr std::int64_t kMaxSlotNodes = 4096;  ///< also instructions of a DNA
inline constexpr std::int64_t kMaxSampleMutations = 1000;
inline constexpr std::int64_t kMaxMutationWeight = 1'000'000;
inline constexpr std::array<const char*, 2> kLanguageNames = {"program", "dna"};

/// What an evolving place needs to know about its model.
struct SlotContext {
  ProgramSlot::Place place = ProgramSlot::Place::kLayer;
  TimeMixing allowed = TimeMixing::kCausal;
  BlockOptions blocks;
  std::int64_t heads = 1;      ///< initial ones, for Primer's initial program
  std::int64_t model_dim = 1;  ///< initial one
};

/// A DNA with its flat form.
struct LoweredDna {
  Dna dna;
  Program program;
};

/// A DNA in text form at `pointer` that lowers to an accepted program; a fault is added.
[[nodiscard]] std::optional<LoweredDna> read_dna(const Json& json, const CheckRules& rules,
                                                 const std::string& pointer, Mistakes& mistakes);

/// Reads {"language", "vocabulary", "max_nodes", "max_instructions", "initial", "sample_mutations",
/// "mutation_weight"} into a slot without a name. Nothing when there was a mistake.
[[nodiscard]] std::optional<ProgramSlot> read_slot(const Json& json, const std::string& pointer,
                                                   const SlotContext& context, Mistakes& mistakes);

/// Primitives that can stand in a program whose values mix time at most as `allowed`: those with a
/// type-correct use at default fields over shapes that such programs reach from
/// [batch, seq, model_dim].
[[nodiscard]] std::vector<std::uint16_t> usable_primitives(TimeMixing allowed);

/// Whether rope stands in a program or among primitives that may be inserted.
[[nodiscard]] bool has_rope(const Program& program);
[[nodiscard]] bool may_hold_rope(const ProgramSlot& slot);

}  // namespace nas::space
