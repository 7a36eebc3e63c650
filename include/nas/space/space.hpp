#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/core/philox.hpp"
#include "nas/space/architecture.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/dna.hpp"
#include "nas/space/mutation.hpp"

namespace nas::space {

/// One finite choice: a named leaf of the template. Its distribution never changes in a study.
struct Choice {
  std::string name;               ///< "inner_dim", "layer3.heads": also Optuna's parameter name
  std::vector<Json> options;      ///< scalars, in the order of the file; of a range, every integer
  bool is_integer_range = false;  ///< {"int": {min, max, step}}
  std::int64_t min = 0, max = 0, step = 1;
  std::uint16_t initial = 0;  ///< place of the option of the initial sample
};

/// A place whose program evolves.
struct ProgramSlot {
  enum class Place { kLayer, kMixer, kFeedForward };
  std::string name;  ///< "layer.program", "layer2.mixer", ...
  Place place = Place::kLayer;
  Program initial;
  MutationRules rules;
  /// Set when Primer's subprograms evolve here; `initial` is then the flat form of dna_initial, and
  /// rules.vocabulary is empty.
  std::optional<DnaRules> dna;
  Dna dna_initial;
  int sample_mutations = 8;  ///< a uniform sample is the initial program after 1..n mutations
  /// Chance of being the part that mutate() changes, where a choice has 1. The default makes the
  /// five kinds of program mutation and each choice equally likely (no source says a mix).
  int mutation_weight = 5;
};

/// A point of the space: an option for each choice, a program for each slot. Parts of layers
/// beyond the sample's depth stand at their initial options and programs, so that equal stacks of
/// layers are equal samples.
struct Sample {
  std::vector<std::uint16_t> choices;
  std::vector<Program> programs;
  std::vector<Dna> dnas{};  ///< by slot: what programs were lowered from; no subprograms: nothing
  bool operator==(const Sample&) const = default;
};

/// What stands in a slot as JSON: the lines of its DNA, else of its program.
[[nodiscard]] Json genotype_to_json(const Sample& sample, std::size_t slot);
/// Puts it back; both vectors of the sample grow by one. Throws Error(kConfig) naming `where`.
void add_genotype(const Json& json, const std::string& where, Sample& sample);

/// How a sample came from its parents.
struct Change {
  MutationKind kind = MutationKind::kChoice;
  std::string where;  ///< name of the choice or slot
};

/// A template of architectures with choices in it, read from the config's `space` and `model`.
/// Besides the template's rules, every layer must satisfy: heads divides model_dim, and head_dim is
/// even where rope stands or may come to stand. docs/space.md describes the JSON.
class Space {
 public:
  /// `space` is the config's subtree, at `pointer` in its file. Throws Error(kConfig) that lists
  /// every mistake with file:line:column.
  static Space from_json(const Json& space, const ModelSpec& model, const JsonPositions& positions,
                         const std::string& pointer);

  [[nodiscard]] const std::vector<Choice>& choices() const { return choices_; }
  [[nodiscard]] const std::vector<ProgramSlot>& slots() const { return slots_; }

  /// Number of samples of the finite choices (rules applied when it can be enumerated within a
  /// million, else an upper bound); infinite when there are program slots.
  struct Size {
    double finite = 1;
    bool exact = false;
    bool has_programs = false;
  };
  [[nodiscard]] Size size() const;

  /// The sample of first options and initial programs, or of the options marked "initial".
  [[nodiscard]] Sample initial() const;
  /// Uniform over choices that satisfy the rules, a choice of depth before those of the layers that
  /// it leaves out; programs by random mutations of the initial one.
  /// Throws Error(kInfeasible) when 10,000 draws break the rules, naming the rule broken most.
  [[nodiscard]] Sample sample(const DrawKey& key) const;
  /// One mutation of one choice or slot of the layers in use, drawn by their weights
  /// (ProgramSlot::mutation_weight), uniform over options or kinds that apply; never the parent
  /// itself.
  /// Nothing when no mutation was accepted.
  [[nodiscard]] std::optional<Sample> mutate(const Sample& parent, const DrawKey& key,
                                             Change& change) const;
  /// One mutation of what stands in this slot; nothing when none was accepted.
  [[nodiscard]] std::optional<Sample> mutate_in_slot(const Sample& parent, std::size_t slot,
                                                     const DrawKey& key, Change& change) const;
  /// Whether a choice or slot belongs to a layer that the sample has.
  [[nodiscard]] bool uses_choice(const Sample& sample, std::size_t choice) const;
  [[nodiscard]] bool uses_slot(const Sample& sample, std::size_t slot) const;
  /// The sample with what it does not use at its initial options and programs; nothing when rules
  /// refuse it.
  [[nodiscard]] std::optional<Sample> accepted(Sample sample) const;
  /// Each choice and slot from one of the parents, uniformly; nothing when rules refuse the child.
  /// One attempt for each key.
  [[nodiscard]] std::optional<Sample> crossover(const Sample& first, const Sample& second,
                                                const DrawKey& key) const;
  /// Every sample of a space without program slots that satisfies the rules, the last choice
  /// fastest; stops when `visit` returns false. Throws Error(kConfig) when there are slots.
  void enumerate(const std::function<bool(const Sample&)>& visit) const;

  /// Empty, or the first rule that the sample breaks.
  [[nodiscard]] std::string broken_rule(const Sample& sample) const;
  [[nodiscard]] Architecture architecture(const Sample& sample) const;
  /// The sample of an architecture made by hand, when it lies in this space (search.enqueue).
  /// Sizes must be options, whole-layer programs are taken as they are, blocks are recognised by
  /// the canonical hash of their layer. The program of an evolving mixer or feed-forward is found
  /// only in a layer laid out as layer_program() does, which the short form and architectures of
  /// samples are; a canonical or hand-ordered layer of such a space gives nothing. One program for
  /// all layers is found when the layers' programs are equal by canonical hash.
  [[nodiscard]] std::optional<Sample> locate(const Architecture& architecture) const;

  /// {"choices": {"inner_dim": 256}, "programs": {"layer.program": [lines]}}. Reading throws
  /// Error(kConfig) that lists every mistake.
  [[nodiscard]] Json to_json(const Sample& sample) const;
  [[nodiscard]] Sample sample_from_json(const Json& json) const;

 private:
  struct Template;
  std::shared_ptr<const Template> template_;
  std::vector<Choice> choices_;
  std::vector<ProgramSlot> slots_;
};

}  // namespace nas::space
