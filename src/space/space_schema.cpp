#include "nas/space/space_schema.hpp"

#include <nlohmann/json.hpp>

#include "nas/space/dna.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/vocabulary.hpp"
#include "space/program_reader.hpp"
#include "space/space_slot.hpp"
#include "space/space_template.hpp"

namespace nas::space {
namespace {

Json described(Json schema, const std::string& help) {
  schema["description"] = help;
  return schema;
}

Json integer(std::int64_t min, std::int64_t max) {
  return {{"type", "integer"}, {"minimum", min}, {"maximum", max}};
}

template <class Names>
Json name_of(const Names& names) {
  Json schema{{"type", "string"}, {"enum", Json::array()}};
  for (const auto& name : names) schema["enum"].push_back(name);
  return schema;
}

Json object(const Json& properties, const std::vector<std::string>& required = {}) {
  return {{"type", "object"},
          {"properties", properties},
          {"required", required},
          {"additionalProperties", false}};
}

Json any_of(std::vector<Json> schemas) { return {{"anyOf", std::move(schemas)}}; }

Json choice_of(const Json& scalar) {
  const Json options{{"type", "array"}, {"items", scalar}, {"minItems", 1}, {"uniqueItems", true}};
  return object({{"choice", options}, {"initial", scalar}}, {"choice"});
}

/// A value, a choice of values and, for sizes, a range of them (space_leaf.hpp).
Json leaf(const Json& scalar) {
  std::vector<Json> forms = {scalar, choice_of(scalar)};
  if (scalar.at("type") == "integer") {
    const Json range =
        object({{"min", scalar}, {"max", scalar}, {"step", integer(1, kMaxSize)}}, {"min", "max"});
    forms.push_back(object({{"int", range}, {"initial", scalar}}, {"int"}));
  }
  return any_of(forms);
}

/// The same for all layers or drawn for each by itself.
Json layer_leaf(const Json& form) {
  return any_of({form, object({{"per_layer", form}}, {"per_layer"})});
}

Json program_text() {
  return any_of({{{"type", "string"}}, {{"type", "array"}, {"items", {{"type", "string"}}}}});
}

Json short_layer() {
  return object(
      {{"mixer", any_of({name_of(block_names(Slot::kMixer)), program_text()})},
       {"feed_forward", any_of({name_of(block_names(Slot::kFeedForward)), program_text()})},
       {"norm", name_of(kNormKindNames)},
       {"norm_place", name_of(kNormPlaceNames)},
       {"bias", {{"type", "boolean"}}}},
      {"mixer", "feed_forward"});
}

Json vocabulary() {
  std::vector<std::string> names = {"primer"};
  for (const VocabularyGroup& group : vocabulary_groups()) names.push_back(group.name);
  const Json group = name_of(names);
  for (const PrimitiveSpec& primitive : primitives()) names.push_back(primitive.name);
  for (const DnaOperation& operation : dna_operations()) {
    if (!find_primitive(operation.name)) names.push_back(operation.name);
  }
  return any_of({group, {{"type", "array"}, {"items", name_of(names)}, {"minItems", 1}}});
}

/// An evolving program (space_slot.hpp).
Json slot(const Json& initial) {
  const ProgramSlot defaults;
  Json program = object(
      {{"language", described(name_of(kLanguageNames),
                              "program: a flat program; dna: Primer's "
                              "subprograms with banks")},
       {"vocabulary", described(vocabulary(), "what mutations may insert")},
       {"initial", described(initial, "what evolution starts from")},
       {"max_nodes", described(integer(1, kMaxSlotNodes), "of the program, dead ones not counted")},
       {"max_instructions", described(integer(1, kMaxSlotNodes), "of a DNA, over its subprograms")},
       {"sample_mutations", described(integer(0, kMaxSampleMutations),
                                      "from the initial program to a random sample, at most")},
       {"mutation_weight", described(integer(1, kMaxMutationWeight),
                                     "how often a mutation falls here rather than on a choice")}},
      {"vocabulary", "initial"});
  program["properties"]["sample_mutations"]["default"] = defaults.sample_mutations;
  program["properties"]["mutation_weight"]["default"] = defaults.mutation_weight;
  return object({{"program", program}}, {"program"});
}

Json part(Slot place) {
  const Json name = name_of(block_names(place));
  return layer_leaf(any_of({leaf(name), program_text(), slot(any_of({name, program_text()}))}));
}

}  // namespace

Json space_schema() {
  const Json size = integer(1, kMaxSize);
  Json schema = object(
      {{"layers", described(leaf(integer(1, kMaxDepth)), "layers of the model")},
       {"depth_policy", described({{"const", "prefix"}},
                                  "which layers a smaller depth uses: the "
                                  "first ones of the largest")},
       {"model_dim", described(leaf(size), "width of the residual stream")},
       {"heads", described(layer_leaf(leaf(size)), "of attention; must divide model_dim")},
       {"inner_dim", described(layer_leaf(leaf(size)), "width of the feed-forward")},
       {"norm", described(layer_leaf(leaf(name_of(kNormKindNames))), "of both blocks")},
       {"norm_place", described(layer_leaf(leaf(name_of(kNormPlaceNames))),
                                "pre: before each block; post: after its residual")},
       {"bias", described(layer_leaf(leaf({{"type", "boolean"}})), "in the blocks' projections")},
       {"mixer", described(part(Slot::kMixer), "how tokens see each other")},
       {"feed_forward", described(part(Slot::kFeedForward), "what each token computes alone")},
       {"layer", described(layer_leaf(any_of(
                               {program_text(), slot(any_of({short_layer(), program_text()}))})),
                           "the whole layer as one program, in place of mixer, feed_forward, norm, "
                           "norm_place and bias")},
       {"rules", described({{"type", "array"}, {"items", {{"type", "string"}}}},
                           "that every sample satisfies, such as \"inner_dim >= 2 * model_dim\"")}},
      {"layers", "model_dim", "heads", "inner_dim"});
  schema["anyOf"] = {{{"required", {"layer"}}}, {{"required", {"mixer", "feed_forward"}}}};
  return schema;
}

}  // namespace nas::space
