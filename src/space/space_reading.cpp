#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "space/dna/dna_slot.hpp"
#include "space/lexer.hpp"
#include "space/program_reader.hpp"
#include "space/space_slot.hpp"
#include "space/space_template.hpp"

namespace nas::space {
namespace {

constexpr const char* kNeedsBlocks[] = {"mixer", "feed_forward", "norm", "norm_place", "bias"};

LeafKind size_kind(std::int64_t max) { return {.type = LeafKind::Type::kInteger, .max = max}; }

template <std::size_t N>
LeafKind name_kind(const std::array<const char*, N>& names, const std::string& what) {
  return {.type = LeafKind::Type::kName, .names = {names.begin(), names.end()}, .what = what};
}

/// Reads a template member by member; choices and slots get their places in a fixed order that
/// does not depend on the order of keys: the model's, then each leaf's, shared or by layer.
class SpaceReader {
 public:
  SpaceReader(const Json& json, const std::string& pointer, const ModelSpec& model,
              Mistakes& mistakes)
      : reader_(json, pointer, mistakes), mistakes_(mistakes) {
    template_.model = model;
  }

  void run() {
    read_model();
    read_sizes();
    if (reader_.has("layer")) {
      read_whole_layers();
    } else {
      read_blocks();
    }
    read_rules();
    reader_.finish();
  }

  SpaceTemplate& result() { return template_; }
  std::vector<Choice>& choices() { return choices_; }
  std::vector<ProgramSlot>& slots() { return slots_; }

 private:
  using LeafMember = Leaf LayerTemplate::*;

  void read_model() {
    const LeafKind depth = size_kind(kMaxDepth);
    const auto layers = read_shared("layers", depth);
    const auto model_dim = read_shared("model_dim", size_kind(kMaxSize));
    if (layers) template_.depth = place(*layers, "layers", kAllLayers);
    if (model_dim) template_.model_dim = place(*model_dim, "model_dim", kAllLayers);
    const std::vector<std::int64_t>& depths = template_.depth.values;
    const std::int64_t largest =
        depths.empty() ? 1 : *std::max_element(depths.begin(), depths.end());
    template_.layers.resize(static_cast<std::size_t>(largest));
    if (const Json* policy = reader_.find("depth_policy");
        policy != nullptr && *policy != "prefix") {
      mistakes_.add(reader_.pointer_to("depth_policy"), *policy,
                    "must be \"prefix\": the first layers of the largest depth are used");
    }
  }

  std::optional<ParsedLeaf> read_shared(const std::string& key, const LeafKind& kind) {
    const Json* json = reader_.require(key);
    if (json == nullptr) return std::nullopt;
    if (per_layer_part(*json) != nullptr) {
      mistakes_.add(reader_.pointer_to(key), "belongs to the whole model and cannot be per_layer");
      return std::nullopt;
    }
    return read_leaf(*json, reader_.pointer_to(key), kind, mistakes_);
  }

  /// Gives a leaf its place; a choice of one layer is named after it.
  Leaf place(const ParsedLeaf& parsed, const std::string& key, std::int64_t layer) {
    const std::string prefix = layer == kAllLayers ? "" : "layer" + std::to_string(layer) + ".";
    if (parsed.choice) template_.choice_layer.push_back(layer);
    return add_leaf(parsed, prefix + key, choices_);
  }

  /// Calls `set(layer template, layer number)` for each layer when `json` is per_layer, else once
  /// with kAllLayers for a value that all layers get.
  template <class Make, class Set>
  void spread(bool is_per_layer, const Make& make, const Set& set) {
    if (is_per_layer) {
      for (std::size_t i = 0; i < template_.layers.size(); ++i) {
        set(template_.layers[i], make(static_cast<std::int64_t>(i)));
      }
      return;
    }
    const auto shared = make(kAllLayers);
    for (LayerTemplate& layer : template_.layers) set(layer, shared);
  }

  void read_layer_leaf(const std::string& key, const LeafKind& kind, LeafMember member) {
    const Json* json = reader_.find(key);
    if (json == nullptr) return;
    const Json* wrapped = per_layer_part(*json);
    const std::string pointer = pointer_of(key, *json);
    if (const auto parsed =
            read_leaf(wrapped != nullptr ? *wrapped : *json, pointer, kind, mistakes_)) {
      spread(
          wrapped != nullptr, [&](std::int64_t layer) { return place(*parsed, key, layer); },
          [&](LayerTemplate& layer, const Leaf& leaf) { layer.*member = leaf; });
    }
  }

  /// Pointer to a leaf, inside its per_layer wrapping if it has one; other keys of the wrapping are
  /// mistakes.
  std::string pointer_of(const std::string& key, const Json& json) {
    std::string pointer = reader_.pointer_to(key);
    if (per_layer_part(json) == nullptr) return pointer;
    ObjectReader wrapping(json, pointer, mistakes_);
    static_cast<void>(wrapping.find("per_layer"));
    wrapping.finish();
    return wrapping.pointer_to("per_layer");
  }

  void read_sizes() {
    static_cast<void>(reader_.require("heads"));
    static_cast<void>(reader_.require("inner_dim"));
    if (const Json* heads = reader_.find("heads"); heads != nullptr &&
                                                   per_layer_part(*heads) != nullptr &&
                                                   template_.model.positions == Positions::kT5) {
      mistakes_.add(
          reader_.pointer_to("heads"),
          "cannot be per_layer with model.positions = \"t5\": all layers share one table, "
          "which has a column for each head");
    }
    read_layer_leaf("heads", size_kind(kMaxSize), &LayerTemplate::heads);
    read_layer_leaf("inner_dim", size_kind(kMaxSize), &LayerTemplate::inner_dim);
  }

  void read_blocks() {
    const auto fixed = [this](LeafMember member, std::int64_t value) {
      for (LayerTemplate& layer : template_.layers) layer.*member = Leaf{{}, {value}};
    };
    fixed(&LayerTemplate::norm, static_cast<std::int64_t>(NormKind::kLayerNorm));
    fixed(&LayerTemplate::norm_place, static_cast<std::int64_t>(NormPlace::kPre));
    fixed(&LayerTemplate::bias, 0);
    read_layer_leaf("norm", name_kind(kNormKindNames, "a norm"), &LayerTemplate::norm);
    read_layer_leaf("norm_place", name_kind(kNormPlaceNames, "a place"),
                    &LayerTemplate::norm_place);
    read_layer_leaf("bias", {.type = LeafKind::Type::kBoolean}, &LayerTemplate::bias);
    const Json* mixer = reader_.require("mixer");
    const Json* feed_forward = reader_.require("feed_forward");
    read_part("mixer", ProgramSlot::Place::kMixer,
              [](LayerTemplate& layer, const Part& part) { layer.mixer = part; });
    read_part("feed_forward", ProgramSlot::Place::kFeedForward,
              [](LayerTemplate& layer, const Part& part) { layer.feed_forward = part; });
    if (mixer != nullptr && feed_forward != nullptr) check_bias_has_use();
  }

  /// A choice that changes nothing would only make duplicates.
  void check_bias_has_use() {
    const bool is_used = std::any_of(
        template_.layers.begin(), template_.layers.end(), [](const LayerTemplate& layer) {
          return !layer.bias.choice || layer.mixer.is_named() || layer.feed_forward.is_named();
        });
    if (is_used) return;
    mistakes_.add(reader_.pointer_to("bias"),
                  "is a choice, but neither mixer nor feed_forward is a named block that has it");
  }

  void read_part(const std::string& key, ProgramSlot::Place place_kind,
                 const std::function<void(LayerTemplate&, const Part&)>& set) {
    const Json* json = reader_.find(key);
    if (json == nullptr) return;
    const Json* wrapped = per_layer_part(*json);
    const std::string pointer = pointer_of(key, *json);
    const Json& part = wrapped != nullptr ? *wrapped : *json;
    const bool is_per_layer = wrapped != nullptr;
    if (part.is_object() && part.contains("program")) {
      const auto slot = read_slot_leaf(part, pointer, place_kind);
      if (!slot) return;
      spread(
          is_per_layer, [&](std::int64_t layer) { return placed_slot(*slot, key, layer); }, set);
    } else if (part.is_array() || is_program_text(part)) {
      const auto fixed = read_fixed(part, pointer);
      spread(
          is_per_layer,
          [&](std::int64_t) {
            return Part{{}, fixed, {}};
          },
          set);
    } else if (place_kind == ProgramSlot::Place::kLayer) {
      mistakes_.add(pointer, part, "must be {\"program\": {...}} or a program in text form");
    } else {
      const Slot slot =
          place_kind == ProgramSlot::Place::kMixer ? Slot::kMixer : Slot::kFeedForward;
      const auto parsed = read_block_leaf(part, pointer, slot);
      if (!parsed) return;
      spread(
          is_per_layer,
          [&](std::int64_t layer) {
            return Part{place(*parsed, key, layer), {}, {}};
          },
          set);
    }
  }

  std::optional<ProgramSlot> read_slot_leaf(const Json& json, const std::string& pointer,
                                            ProgramSlot::Place place_kind) {
    ObjectReader wrapping(json, pointer, mistakes_);
    const Json* program = wrapping.find("program");
    wrapping.finish();
    return read_slot(*program, wrapping.pointer_to("program"),
                     {.place = place_kind,
                      .allowed = allowed_mixing(template_.model),
                      .blocks = {template_.model.positions, initial_bias()},
                      .heads = initial_of(template_.layers.front().heads),
                      .model_dim = initial_of(template_.model_dim)},
                     mistakes_);
  }

  /// Bias of an initial program's blocks: the fixed value or the initial option.
  [[nodiscard]] bool initial_bias() const {
    const Leaf& bias = template_.layers.front().bias;
    if (bias.values.empty()) return false;
    return bias.values[bias.choice ? choices_[*bias.choice].initial : 0] != 0;
  }

  /// The initial value of a size, 1 where it was not readable.
  [[nodiscard]] std::int64_t initial_of(const Leaf& leaf) const {
    if (leaf.values.empty()) return 1;
    return leaf.values[leaf.choice ? choices_[*leaf.choice].initial : 0];
  }

  Part placed_slot(const ProgramSlot& slot, const std::string& key, std::int64_t layer) {
    ProgramSlot named = slot;
    const bool is_whole = slot.place == ProgramSlot::Place::kLayer;
    const std::string part = is_whole ? "program" : key;
    if (layer != kAllLayers) {
      named.name = "layer" + std::to_string(layer) + "." + part;
    } else {
      named.name = is_whole ? "layer.program" : part;
    }
    slots_.push_back(named);
    template_.slot_layer.push_back(layer);
    template_.slot_may_hold_rope.push_back(may_hold_rope(slot));
    template_.slot_divisor.push_back(!slot.dna                 ? 1
                                     : dna_may_hold_rope(slot) ? 2 * kUnitsOfModelDim
                                                               : kUnitsOfModelDim);
    return Part{{}, {}, slots_.size() - 1};
  }

  std::optional<Program> read_fixed(const Json& json, const std::string& pointer) {
    std::optional<Program> program = read_program(json, pointer, mistakes_);
    if (!program) return program;
    const CheckRules rules{.allowed = allowed_mixing(template_.model), .max_nodes = 4096};
    require_accepted(*program, rules, pointer, mistakes_);
    require_positions(*program, template_.model.positions, pointer, mistakes_);
    return program;
  }

  /// A block's name or a choice of names, as places in the table of all blocks.
  std::optional<ParsedLeaf> read_block_leaf(const Json& json, const std::string& pointer,
                                            Slot slot) {
    LeafKind kind{.type = LeafKind::Type::kName, .names = block_names(slot)};
    kind.what = slot == Slot::kMixer ? "a mixer" : "a feed-forward";
    std::optional<ParsedLeaf> parsed = read_leaf(json, pointer, kind, mistakes_);
    if (!parsed) return parsed;
    const std::vector<std::string>& all = blocks().names();
    for (std::int64_t& value : parsed->values) {
      value = std::find(all.begin(), all.end(), kind.names[static_cast<std::size_t>(value)]) -
              all.begin();
    }
    return parsed;
  }

  void read_whole_layers() {
    for (const char* key : kNeedsBlocks) {
      if (reader_.find(key) == nullptr) continue;
      mistakes_.add(reader_.pointer_to(key),
                    "cannot stand beside \"layer\", whose program holds it; an initial program may "
                    "name it");
    }
    read_part("layer", ProgramSlot::Place::kLayer,
              [](LayerTemplate& layer, const Part& part) { layer.whole = part; });
    check_sizes_have_use();
  }

  /// A DNA has sizes of its own: a choice of these would only make duplicates.
  void check_sizes_have_use() {
    const bool has_dna = std::any_of(slots_.begin(), slots_.end(),
                                     [](const ProgramSlot& slot) { return slot.dna.has_value(); });
    if (!has_dna) return;
    for (const auto& [key, member] : {std::pair{"heads", &LayerTemplate::heads},
                                      std::pair{"inner_dim", &LayerTemplate::inner_dim}}) {
      const bool is_choice =
          std::any_of(template_.layers.begin(), template_.layers.end(),
                      [&](const LayerTemplate& layer) { return (layer.*member).choice; });
      if (is_choice) {
        mistakes_.add(reader_.pointer_to(key),
                      "is a choice, but a DNA has sizes of its own and does not read it");
      }
    }
  }

  void read_rules() {
    const Json* rules = reader_.find("rules");
    if (rules == nullptr) return;
    const std::string pointer = reader_.pointer_to("rules");
    if (!rules->is_array()) {
      mistakes_.add(pointer, *rules,
                    "must be an array of rules such as \"inner_dim >= 2 * model_dim\"");
      return;
    }
    for (std::size_t i = 0; i < rules->size(); ++i) {
      const std::string place_of_rule = pointer + "/" + std::to_string(i);
      const Json& rule = (*rules)[i];
      if (!rule.is_string()) {
        mistakes_.add(place_of_rule, rule, "must be a rule such as \"inner_dim >= 2 * model_dim\"");
        continue;
      }
      try {
        template_.rules.push_back(Rule::parse(rule.get<std::string>(), "rule"));
      } catch (const Error& error) {
        mistakes_.add(place_of_rule, rule, error.what());
      }
    }
  }

  ObjectReader reader_;
  Mistakes& mistakes_;
  SpaceTemplate template_;
  std::vector<Choice> choices_;
  std::vector<ProgramSlot> slots_;
};

void add_block_programs(SpaceTemplate& result) {
  for (const std::string& name : blocks().names()) {
    const Slot slot = blocks().at(name).slot;
    const Positions positions = result.model.positions;
    result.block_programs.push_back({block_program(name, slot, {positions, false}),
                                     block_program(name, slot, {positions, true})});
    result.block_has_rope.push_back(has_rope(result.block_programs.back()[0]));
  }
}

/// The sizes of a sample's choices, "inner_dim = 64, heads = 3".
std::string choices_text(const std::vector<Choice>& choices, const Sample& sample) {
  std::string text;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    text += (i == 0 ? "" : ", ") + choices[i].name + " = " +
            shown(choices[i].options[sample.choices[i]]);
  }
  return text.empty() ? "no choices" : text;
}

}  // namespace

Space Space::from_json(const Json& space, const ModelSpec& model, const JsonPositions& positions,
                       const std::string& pointer) {
  Mistakes mistakes(positions);
  SpaceReader reader(space, pointer, model, mistakes);
  reader.run();
  mistakes.throw_if_any();
  add_block_programs(reader.result());
  Space result;
  result.template_ = std::make_shared<const Template>(Template{std::move(reader.result())});
  result.choices_ = std::move(reader.choices());
  result.slots_ = std::move(reader.slots());
  const Sample initial = result.initial();
  if (const std::string rule = result.broken_rule(initial); !rule.empty()) {
    mistakes.add(pointer, "the initial sample (" + choices_text(result.choices_, initial) +
                              ") breaks the rule \"" + rule +
                              "\"; give choices an \"initial\" option that satisfies it");
  }
  mistakes.throw_if_any();
  return result;
}

}  // namespace nas::space
