#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/space.hpp"
#include "space/layer_split.hpp"
#include "space/space_template.hpp"

namespace nas::space {
namespace {

/// A sample under construction: what is decided and what is still free.
struct Partial {
  Sample sample;
  std::vector<bool> chosen;  ///< by choice
  std::vector<bool> filled;  ///< by slot

  /// Makes a leaf hold `value`; false when it cannot or holds another one.
  bool assign(const Leaf& leaf, std::int64_t value) {
    const auto found = std::find(leaf.values.begin(), leaf.values.end(), value);
    if (found == leaf.values.end()) return false;
    if (!leaf.choice) return true;
    const auto option = static_cast<std::uint16_t>(found - leaf.values.begin());
    if (chosen[*leaf.choice]) return sample.choices[*leaf.choice] == option;
    chosen[*leaf.choice] = true;
    sample.choices[*leaf.choice] = option;
    return true;
  }
};

/// Finds programs and named blocks layer by layer, going back where shared choices made for one
/// layer do not suit a later one.
class Locator {
 public:
  Locator(const SpaceTemplate& parts, const std::vector<ProgramSlot>& slots,
          const Architecture& architecture)
      : template_(parts), slots_(slots), architecture_(architecture) {
    for (const LayerSpec& layer : architecture.layers) hashes_.push_back(hash_of(layer.program));
  }

  bool run(Partial& partial) { return assign_sizes(partial) && solve(0, partial); }

 private:
  bool assign_sizes(Partial& partial) const {
    const auto depth = static_cast<std::int64_t>(architecture_.layers.size());
    if (!partial.assign(template_.depth, depth)) return false;
    if (!partial.assign(template_.model_dim, architecture_.model.model_dim)) return false;
    for (std::size_t i = 0; i < architecture_.layers.size(); ++i) {
      const LayerTemplate& layer = template_.layers[i];
      if (!partial.assign(layer.heads, architecture_.layers[i].heads)) return false;
      if (!partial.assign(layer.inner_dim, architecture_.layers[i].inner_dim)) return false;
    }
    return true;
  }

  bool solve(std::size_t index, Partial& partial) {
    if (index == architecture_.layers.size()) return true;
    const LayerTemplate& layer = template_.layers[index];
    const Program& program = architecture_.layers[index].program;
    if (layer.whole) {
      return place(*layer.whole, program, partial) && matches(index, partial) &&
             solve(index + 1, partial);
    }
    const bool evolves = layer.mixer.slot || layer.feed_forward.slot;
    const std::optional<ShortLayer> parts =
        evolves ? split_layer(program) : std::optional<ShortLayer>();
    if (evolves && !parts) return false;
    const std::vector<const Leaf*> free = free_leaves(layer, partial);
    return choose(index, free, 0, parts, partial);
  }

  static std::vector<const Leaf*> free_leaves(const LayerTemplate& layer, const Partial& partial) {
    std::vector<const Leaf*> free;
    for (const Leaf* leaf : {&layer.norm, &layer.norm_place, &layer.bias, &layer.mixer.block,
                             &layer.feed_forward.block}) {
      if (leaf->choice && !partial.chosen[*leaf->choice]) free.push_back(leaf);
    }
    return free;
  }

  /// Tries every option of the free leaves from number `next` on.
  bool choose(std::size_t index, const std::vector<const Leaf*>& free, std::size_t next,
              const std::optional<ShortLayer>& parts, Partial& partial) {
    if (next < free.size()) {
      for (const std::int64_t value : free[next]->values) {
        Partial tried = partial;
        if (!tried.assign(*free[next], value)) continue;
        if (!choose(index, free, next + 1, parts, tried)) continue;
        partial = std::move(tried);
        return true;
      }
      return false;
    }
    Partial tried = partial;
    const LayerTemplate& layer = template_.layers[index];
    if (parts && !(place(layer.mixer, parts->mixer, tried) &&
                   place(layer.feed_forward, parts->feed_forward, tried))) {
      return false;
    }
    if (!matches(index, tried) || !solve(index + 1, tried)) return false;
    partial = std::move(tried);
    return true;
  }

  /// Fills a slot; a part that is no slot is left to matches().
  bool place(const Part& part, const Program& program, Partial& partial) const {
    if (!part.slot) return true;
    if (partial.filled[*part.slot]) {
      return hash_of(partial.sample.programs[*part.slot]) == hash_of(program);
    }
    if (slots_[*part.slot].dna) {
      // A flat program does not tell which subprograms made it: only the initial one is known.
      partial.filled[*part.slot] = hash_of(partial.sample.programs[*part.slot]) == hash_of(program);
      return partial.filled[*part.slot];
    }
    CheckedProgram checked;
    if (check(program, slots_[*part.slot].rules.check, checked).kind != Rejection::Kind::kNone) {
      return false;
    }
    partial.filled[*part.slot] = true;
    partial.sample.programs[*part.slot] = program;
    return true;
  }

  [[nodiscard]] bool matches(std::size_t index, const Partial& partial) const {
    const Program made = template_.layer_program(template_.layers[index], partial.sample);
    return made == architecture_.layers[index].program || hash_of(made) == hashes_[index];
  }

  const SpaceTemplate& template_;
  const std::vector<ProgramSlot>& slots_;
  const Architecture& architecture_;
  std::vector<Hash128> hashes_;
};

}  // namespace

std::optional<Sample> Space::locate(const Architecture& architecture) const {
  require_valid(architecture, "architecture");
  Partial partial{initial(), std::vector<bool>(choices_.size()), std::vector<bool>(slots_.size())};
  if (!Locator(*template_, slots_, architecture).run(partial)) return std::nullopt;
  if (template_->broken_rule(partial.sample)) return std::nullopt;
  // The model around the layers has no leaves but model_dim: the hash compares the rest.
  if (hash_of(this->architecture(partial.sample)) != hash_of(architecture)) return std::nullopt;
  return partial.sample;
}

}  // namespace nas::space
