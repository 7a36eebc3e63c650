#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/space/space.hpp"
#include "space/space_normal_form.hpp"
#include "space/space_template.hpp"

namespace nas::space {
namespace {

constexpr int kMaxDraws = 10000;
constexpr int kMaxMutations = 100;

std::uint16_t draw_option(const Choice& choice, DrawCursor& cursor) {
  return static_cast<std::uint16_t>(
      cursor.below(static_cast<std::uint32_t>(choice.options.size())));
}

/// A uniform option other than `current`.
std::uint16_t draw_other(const Choice& choice, std::uint16_t current, DrawCursor& cursor) {
  const auto others = static_cast<std::uint32_t>(choice.options.size() - 1);
  const std::uint32_t drawn = cursor.below(others);
  return static_cast<std::uint16_t>(drawn < current ? drawn : drawn + 1);
}

/// A choice or slot that a mutation may change: choices come first, then slots.
struct Unit {
  std::size_t index = 0;
  std::uint32_t weight = 1;
};

const Unit& draw_unit(const std::vector<Unit>& units, DrawCursor& cursor) {
  std::uint32_t total = 0;
  for (const Unit& unit : units) total += unit.weight;
  std::uint32_t drawn = cursor.below(total);
  std::size_t i = 0;
  while (drawn >= units[i].weight) drawn -= units[i++].weight;
  return units[i];
}

/// Mutates what stands in a slot; false, and nothing changed, when no mutation was accepted.
bool mutate_slot(const ProgramSlot& slot, std::size_t place, DrawCursor& cursor, Sample& sample,
                 MutationKind& kind) {
  if (slot.dna) {
    Dna child;
    if (!mutate_dna(sample.dnas[place], *slot.dna, slot.rules, cursor, child, kind)) return false;
    std::optional<Program> lowered = lower(child);
    NAS_ASSERT(lowered.has_value());  // mutate_dna accepts no other child
    sample.programs[place] = *std::move(lowered);
    sample.dnas[place] = std::move(child);
    return true;
  }
  Program child;
  if (!mutate_program(sample.programs[place], slot.rules, cursor, child, kind)) return false;
  sample.programs[place] = std::move(child);
  return true;
}

}  // namespace

Sample Space::sample(const DrawKey& key) const {
  DrawCursor cursor(key);
  Sample sample = initial();
  std::vector<int> broken(SpaceTemplate::kFirstRule + template_->rules.size());
  std::optional<std::size_t> rule;
  for (int draws = 0; draws < kMaxDraws; ++draws) {
    for (std::size_t i = 0; i < choices_.size(); ++i) {
      sample.choices[i] = draw_option(choices_[i], cursor);
    }
    reset_unused(*template_, choices_, slots_, sample);
    rule = template_->broken_rule(sample);
    if (!rule) break;
    ++broken[*rule];
  }
  if (rule) {
    const auto worst = std::max_element(broken.begin(), broken.end());
    throw Error(ErrorKind::kInfeasible,
                "none of " + std::to_string(kMaxDraws) +
                    " random samples of the space satisfies its rules; \"" +
                    template_->rule_text(static_cast<std::size_t>(worst - broken.begin())) +
                    "\" was broken most, " + std::to_string(*worst) + " times");
  }
  const std::size_t depth = template_->depth_of(sample);
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    const ProgramSlot& slot = slots_[i];
    if (!template_->is_used(template_->slot_layer[i], depth) || slot.sample_mutations == 0)
      continue;
    const std::uint32_t mutations =
        1 + cursor.below(static_cast<std::uint32_t>(slot.sample_mutations));
    for (std::uint32_t m = 0; m < mutations; ++m) {
      MutationKind kind{};
      if (!mutate_slot(slot, i, cursor, sample, kind)) break;
    }
  }
  return sample;
}

std::optional<Sample> Space::mutate(const Sample& parent, const DrawKey& key,
                                    Change& change) const {
  const std::size_t depth = template_->depth_of(parent);
  std::vector<Unit> units;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    const bool is_used = template_->is_used(template_->choice_layer[i], depth);
    if (is_used && choices_[i].options.size() > 1) units.push_back({i, 1});
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!template_->is_used(template_->slot_layer[i], depth)) continue;
    units.push_back({choices_.size() + i, static_cast<std::uint32_t>(slots_[i].mutation_weight)});
  }
  if (units.empty()) return std::nullopt;
  DrawCursor cursor(key);
  for (int attempt = 0; attempt < kMaxMutations; ++attempt) {
    const Unit& unit = draw_unit(units, cursor);
    Sample child = parent;
    if (unit.index < choices_.size()) {
      const Choice& choice = choices_[unit.index];
      std::uint16_t& option = child.choices[unit.index];
      option = draw_other(choice, option, cursor);
      change = {MutationKind::kChoice, choice.name};
      reset_unused(*template_, choices_, slots_, child);
    } else {
      const std::size_t slot = unit.index - choices_.size();
      change.where = slots_[slot].name;
      if (!mutate_slot(slots_[slot], slot, cursor, child, change.kind)) continue;
    }
    if (!template_->broken_rule(child)) return child;
  }
  return std::nullopt;
}

std::optional<Sample> Space::mutate_in_slot(const Sample& parent, std::size_t slot,
                                            const DrawKey& key, Change& change) const {
  DrawCursor cursor(key);
  Sample child = parent;
  change.where = slots_[slot].name;
  if (!mutate_slot(slots_[slot], slot, cursor, child, change.kind)) return std::nullopt;
  return accepted(std::move(child));
}

bool Space::uses_choice(const Sample& sample, std::size_t choice) const {
  return template_->is_used(template_->choice_layer[choice], template_->depth_of(sample));
}

bool Space::uses_slot(const Sample& sample, std::size_t slot) const {
  return template_->is_used(template_->slot_layer[slot], template_->depth_of(sample));
}

std::optional<Sample> Space::accepted(Sample sample) const {
  reset_unused(*template_, choices_, slots_, sample);
  if (template_->broken_rule(sample)) return std::nullopt;
  return sample;
}

std::optional<Sample> Space::crossover(const Sample& first, const Sample& second,
                                       const DrawKey& key) const {
  DrawCursor cursor(key);
  Sample child = first;
  for (std::size_t i = 0; i < choices_.size(); ++i) {
    if (cursor.below(2) == 1) child.choices[i] = second.choices[i];
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (cursor.below(2) == 0) continue;
    child.programs[i] = second.programs[i];
    child.dnas[i] = second.dnas[i];
  }
  reset_unused(*template_, choices_, slots_, child);
  if (template_->broken_rule(child)) return std::nullopt;
  return child;
}

}  // namespace nas::space
