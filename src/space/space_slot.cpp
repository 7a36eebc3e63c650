#include "space/space_slot.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <span>

#include "nas/space/primitive.hpp"
#include "space/lexer.hpp"
#include "space/program_reader.hpp"

namespace nas::space {
namespace {

constexpr int kMaxNodes = 4096;

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

std::vector<std::uint16_t> read_names(const Json& json, const std::string& pointer,
                                      TimeMixing allowed, Mistakes& mistakes) {
  std::vector<std::string> known;
  for (const PrimitiveSpec& spec : primitives()) known.push_back(spec.name);
  const std::vector<std::uint16_t> usable = usable_primitives(allowed);
  std::vector<std::uint16_t> vocabulary;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string place = pointer + "/" + std::to_string(i);
    const std::string name = json[i].is_string() ? json[i].get<std::string>() : "";
    const std::optional<std::uint16_t> primitive = find_primitive(name);
    if (!primitive) {
      mistakes.add(place, json[i], "must be the name of a primitive" + did_you_mean(name, known));
    } else if (std::find(vocabulary.begin(), vocabulary.end(), *primitive) != vocabulary.end()) {
      mistakes.add(place, json[i], "is given twice");
    } else if (!std::binary_search(usable.begin(), usable.end(), *primitive)) {
      mistakes.add(place, json[i], "has no use in " + model_name(allowed));
    } else {
      vocabulary.push_back(*primitive);
    }
  }
  std::sort(vocabulary.begin(), vocabulary.end());  // draws must not depend on the file's order
  return vocabulary;
}

std::vector<std::uint16_t> read_vocabulary(const Json& json, const std::string& pointer,
                                           TimeMixing allowed, Mistakes& mistakes) {
  if (json == "causal" && allowed == TimeMixing::kCausal) return usable_primitives(allowed);
  if (json.is_array() && !json.empty()) return read_names(json, pointer, allowed, mistakes);
  mistakes.add(pointer, json,
               "must be an array of primitives' names, or \"causal\" for all that have a use in a "
               "causal model");
  return {};
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
      if (add_reached(primitive, allowed, reached)) usable.push_back(primitive);
    }
  }
  return usable;
}

bool has_rope(const Program& program) {
  static const std::uint16_t kRope = primitive_index("rope");
  return std::any_of(program.nodes.begin(), program.nodes.end(),
                     [](const Node& node) { return node.primitive == kRope; });
}

bool may_hold_rope(const ProgramSlot& slot) {
  static const std::uint16_t kRope = primitive_index("rope");
  const std::vector<std::uint16_t>& vocabulary = slot.rules.vocabulary;
  return has_rope(slot.initial) ||
         std::find(vocabulary.begin(), vocabulary.end(), kRope) != vocabulary.end();
}

std::optional<ProgramSlot> read_slot(const Json& json, const std::string& pointer,
                                     const SlotContext& context, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  ObjectReader reader(json, pointer, mistakes);
  ProgramSlot slot;
  slot.place = context.place;
  slot.rules.check.allowed = context.allowed;
  std::int64_t max_nodes = 40;
  std::int64_t sample_mutations = slot.sample_mutations;
  std::int64_t mutation_weight = slot.mutation_weight;
  reader.read_integer("max_nodes", 1, kMaxNodes, max_nodes);
  reader.read_integer("sample_mutations", 0, 1000, sample_mutations);
  reader.read_integer("mutation_weight", 1, 1000000, mutation_weight);
  slot.rules.check.max_nodes = static_cast<int>(max_nodes);
  slot.sample_mutations = static_cast<int>(sample_mutations);
  slot.mutation_weight = static_cast<int>(mutation_weight);
  if (const Json* vocabulary = reader.require("vocabulary")) {
    slot.rules.vocabulary =
        read_vocabulary(*vocabulary, reader.pointer_to("vocabulary"), context.allowed, mistakes);
  }
  std::optional<Program> initial;
  if (const Json* given = reader.require("initial")) {
    initial = read_initial(*given, reader.pointer_to("initial"), context, mistakes);
  }
  reader.finish();
  if (initial) {
    require_accepted(*initial, slot.rules.check, reader.pointer_to("initial"), mistakes);
  }
  if (mistakes.count() != before || !initial) return std::nullopt;
  slot.initial = *initial;
  return slot;
}

}  // namespace nas::space
