#include "space/space_slot.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <span>

#include "nas/space/primitive.hpp"
#include "nas/space/vocabulary.hpp"
#include "space/dna/dna_slot.hpp"
#include "space/lexer.hpp"
#include "space/program_reader.hpp"

namespace nas::space {
namespace {

/// Shapes that one more use of a primitive gives; whether any use is allowed.
bool add_reached(std::uint16_t primitive, TimeMixing allowed, std::vector<Shape>& reached) {
  const PrimitiveSpec& spec = primitives()[primitive];
  const Node node = make_node(primitive);
  const std::vector<Shape> known = reached;
  const std::size_t seconds = spec.arity == 2 ? known.size() : 1;
  bool is_usable = false;
  for (const Shape& first : known) {
    for (std::size_t i = 0; i < seconds; ++i) {
      const std::array<Shape, kMaxInputs> both = {first, known[i]};
      const std::span<const Shape> inputs(both.data(), static_cast<std::size_t>(spec.arity));
      const std::optional<Shape> output = spec.type(inputs, node);
      if (!output || spec.mixing(inputs, node) > allowed) continue;
      is_usable = true;
      if (std::find(reached.begin(), reached.end(), *output) == reached.end()) {
        reached.push_back(*output);
      }
    }
  }
  return is_usable;
}

std::string model_name(TimeMixing allowed) {
  return allowed == TimeMixing::kCausal ? "a causal model" : "this model";
}

/// Names of a vocabulary in the file's order, groups replaced by their members; faults are added.
class VocabularyReader {
 public:
  VocabularyReader(const SlotContext& context, Mistakes& mistakes)
      : context_(context), usable_(usable_primitives(context.allowed)), mistakes_(mistakes) {}

  void read(const Json& json, const std::string& place) {
    const std::string name = json.is_string() ? json.get<std::string>() : "";
    const std::optional<std::uint16_t> primitive = find_primitive(name);
    if (const VocabularyGroup* group = find_vocabulary_group(name)) {
      add_group(*group);
    } else if (!primitive) {
      std::vector<std::string> known;
      for (const PrimitiveSpec& spec : primitives()) known.push_back(spec.name);
      mistakes_.add(place, json,
                    "must be the name of a primitive or group" + did_you_mean(name, known));
    } else if (!given_.insert(*primitive).second) {
      mistakes_.add(place, json, "is given twice");
    } else if (!is_usable(*primitive)) {
      mistakes_.add(place, json, "has no use in " + model_name(context_.allowed));
    } else if (needs_t5(*primitive) && context_.blocks.positions != Positions::kT5) {
      mistakes_.add(place, json, "needs model.positions = \"t5\"");
    } else {
      all_.insert(*primitive);
    }
  }

  /// Ascending: draws must not depend on the file's order.
  [[nodiscard]] std::vector<std::uint16_t> result() const { return {all_.begin(), all_.end()}; }

 private:
  void add_group(const VocabularyGroup& group) {
    for (const std::string& name : group.primitives) {
      const std::uint16_t primitive = primitive_index(name);
      if (is_usable(primitive)) all_.insert(primitive);
    }
  }
  [[nodiscard]] bool is_usable(std::uint16_t primitive) const {
    return std::binary_search(usable_.begin(), usable_.end(), primitive);
  }
  [[nodiscard]] static bool needs_t5(std::uint16_t primitive) {
    return primitives()[primitive].shares_parameters;
  }

  const SlotContext& context_;
  std::vector<std::uint16_t> usable_;
  Mistakes& mistakes_;
  std::set<std::uint16_t> given_;
  std::set<std::uint16_t> all_;
};

std::vector<std::uint16_t> read_vocabulary(const Json& json, const std::string& pointer,
                                           const SlotContext& context, Mistakes& mistakes) {
  VocabularyReader reader(context, mistakes);
  const bool is_group =
      json.is_string() && find_vocabulary_group(json.get<std::string>()) != nullptr;
  if (!is_group && (!json.is_array() || json.empty())) {
    std::vector<std::string> names;
    for (const VocabularyGroup& group : vocabulary_groups()) names.push_back(group.name);
    mistakes.add(
        pointer, json,
        "must be a group (" + listed(names) + ") or an array of names of primitives and groups");
    return {};
  }
  if (is_group) reader.read(json, pointer);
  for (std::size_t i = 0; json.is_array() && i < json.size(); ++i) {
    reader.read(json[i], pointer + "/" + std::to_string(i));
  }
  return reader.result();
}

std::optional<Program> read_initial(const Json& json, const std::string& pointer,
                                    const SlotContext& context, Mistakes& mistakes) {
  switch (context.place) {
    case ProgramSlot::Place::kMixer:
      return read_block(json, Slot::kMixer, context.blocks, pointer, mistakes);
    case ProgramSlot::Place::kFeedForward:
      return read_block(json, Slot::kFeedForward, context.blocks, pointer, mistakes);
    case ProgramSlot::Place::kLayer:
      break;
  }
  if (!json.is_object()) return read_program(json, pointer, mistakes);
  ObjectReader reader(json, pointer, mistakes);
  std::optional<Program> program = read_short_layer(reader, context.blocks.positions);
  reader.finish();
  return program;
}

}  // namespace

std::vector<std::uint16_t> usable_primitives(TimeMixing allowed) {
  // inner_dim is reached by a field of linear that is not at its default.
  std::vector<Shape> reached = {kModelShape, kInnerShape};
  std::vector<std::uint16_t> usable;
  std::size_t before = 0;
  while (before != reached.size()) {
    before = reached.size();
    usable.clear();
    for (std::size_t i = 0; i < primitives().size(); ++i) {
      const auto primitive = static_cast<std::uint16_t>(i);
      if (primitives()[i].is_structural) continue;
      if (add_reached(primitive, allowed, reached)) usable.push_back(primitive);
    }
  }
  return usable;
}

bool has_rope(const Program& program) {
  static const std::uint16_t rope = primitive_index("rope");
  return std::any_of(program.nodes.begin(), program.nodes.end(),
                     [](const Node& node) { return node.primitive == rope; });
}

bool may_hold_rope(const ProgramSlot& slot) {
  if (slot.dna) return false;  // its features are counted in units, see SpaceTemplate::kUnits
  static const std::uint16_t rope = primitive_index("rope");
  const std::vector<std::uint16_t>& vocabulary = slot.rules.vocabulary;
  return has_rope(slot.initial) ||
         std::find(vocabulary.begin(), vocabulary.end(), rope) != vocabulary.end();
}

std::optional<ProgramSlot> read_slot(const Json& json, const std::string& pointer,
                                     const SlotContext& context, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  ObjectReader reader(json, pointer, mistakes);
  ProgramSlot slot;
  slot.place = context.place;
  slot.rules.check.allowed = context.allowed;
  enum class Language { kProgram, kDna } language = Language::kProgram;
  reader.read_name("language", kLanguageNames, language);
  const bool is_dna = language == Language::kDna;
  std::int64_t max_nodes = is_dna ? 256 : 40;
  std::int64_t sample_mutations = slot.sample_mutations;
  std::int64_t mutation_weight = slot.mutation_weight;
  reader.read_integer("max_nodes", 1, kMaxSlotNodes, max_nodes);
  reader.read_integer("sample_mutations", 0, kMaxSampleMutations, sample_mutations);
  reader.read_integer("mutation_weight", 1, kMaxMutationWeight, mutation_weight);
  slot.rules.check.max_nodes = static_cast<int>(max_nodes);
  slot.sample_mutations = static_cast<int>(sample_mutations);
  slot.mutation_weight = static_cast<int>(mutation_weight);
  if (is_dna) {
    read_dna_slot(reader, context, slot);
    reader.finish();
    if (mistakes.count() != before) return std::nullopt;
    return slot;
  }
  if (const Json* vocabulary = reader.require("vocabulary")) {
    slot.rules.vocabulary =
        read_vocabulary(*vocabulary, reader.pointer_to("vocabulary"), context, mistakes);
  }
  std::optional<Program> initial;
  if (const Json* given = reader.require("initial")) {
    initial = read_initial(*given, reader.pointer_to("initial"), context, mistakes);
  }
  reader.finish();
  if (initial) {
    require_accepted(*initial, slot.rules.check, reader.pointer_to("initial"), mistakes);
    require_positions(*initial, context.blocks.positions, reader.pointer_to("initial"), mistakes);
  }
  if (mistakes.count() != before || !initial) return std::nullopt;
  slot.initial = *initial;
  return slot;
}

}  // namespace nas::space
