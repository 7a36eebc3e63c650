#include "space/program_reader.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/space/dna.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "space/lexer.hpp"

namespace nas::space {

bool is_program_text(const Json& json) {
  return json.is_string() && json.get_ref<const std::string&>().find('(') != std::string::npos;
}

std::optional<Program> read_program(const Json& json, const std::string& pointer,
                                    Mistakes& mistakes) {
  try {
    if (const std::string text = text_of_lines(json); is_dna_text(text)) {
      std::optional<Program> program =
          lower(dna_from_text(text, mistakes.positions().describe(pointer)), kMaxLoweredNodes);
      if (!program) {
        mistakes.add(pointer, json,
                     "lowers to more than " + std::to_string(kMaxLoweredNodes) + " nodes");
      }
      return program;
    }
    return program_from_json(json, mistakes.positions(), pointer);
  } catch (const Error& error) {
    mistakes.add_complete(dotted(pointer) + ": " + error.what());
    return std::nullopt;
  }
}

void require_accepted(const Program& program, const CheckRules& rules, const std::string& pointer,
                      Mistakes& mistakes) {
  if (program.inputs != std::vector<Shape>{kModelShape}) {
    mistakes.add(pointer, "must have one input, " + to_text(kModelShape));
    return;
  }
  CheckedProgram checked;
  const Rejection rejection = check(program, rules, checked);
  if (rejection.kind != Rejection::Kind::kNone) {
    mistakes.add(pointer, explain(rejection, program, rules));
  }
}

void require_positions(const Program& program, Positions positions, const std::string& pointer,
                       Mistakes& mistakes) {
  const bool reads_table =
      std::any_of(program.nodes.begin(), program.nodes.end(),
                  [](const Node& node) { return spec_of(node).shares_parameters; });
  if (reads_table && positions != Positions::kT5) {
    mistakes.add(pointer, "relative_bias needs model.positions = \"t5\"");
  }
}

std::vector<std::string> block_names(Slot slot) {
  std::vector<std::string> names;
  for (const std::string& name : blocks().names()) {
    if (blocks().at(name).slot == slot) names.push_back(name);
  }
  return names;
}

std::optional<std::string> read_block_name(const Json& json, Slot slot, const std::string& pointer,
                                           Mistakes& mistakes) {
  const std::vector<std::string> known = block_names(slot);
  const std::string given = json.is_string() ? json.get<std::string>() : "";
  if (std::find(known.begin(), known.end(), given) != known.end()) return given;
  const std::string what = slot == Slot::kMixer ? "a mixer" : "a feed-forward";
  mistakes.add(pointer, json,
               "must be " + what + " (" + listed(known) + ")" + did_you_mean(given, known));
  return std::nullopt;
}

std::optional<Program> read_block(const Json& json, Slot slot, const BlockOptions& options,
                                  const std::string& pointer, Mistakes& mistakes) {
  if (json.is_array() || is_program_text(json)) {
    std::optional<Program> program = read_program(json, pointer, mistakes);
    if (program && program->inputs != std::vector<Shape>{kModelShape}) {
      mistakes.add(pointer, "a block has one input, " + to_text(kModelShape));
      return std::nullopt;
    }
    return program;
  }
  const std::optional<std::string> name = read_block_name(json, slot, pointer, mistakes);
  if (!name) return std::nullopt;
  return block_program(*name, slot, options);
}

std::optional<Program> read_short_layer(ObjectReader& reader, Positions positions) {
  NormKind norm = NormKind::kLayerNorm;
  NormPlace norm_place = NormPlace::kPre;
  BlockOptions options{.positions = positions};
  reader.read_boolean("bias", options.bias);
  reader.read_name("norm", kNormKindNames, norm);
  reader.read_name("norm_place", kNormPlaceNames, norm_place);
  const Json* mixer = reader.require("mixer");
  const Json* feed_forward = reader.require("feed_forward");
  if (mixer == nullptr || feed_forward == nullptr) return std::nullopt;
  const auto mixer_program =
      read_block(*mixer, Slot::kMixer, options, reader.pointer_to("mixer"), reader.mistakes());
  const auto feed_forward_program =
      read_block(*feed_forward, Slot::kFeedForward, options, reader.pointer_to("feed_forward"),
                 reader.mistakes());
  if (!mixer_program || !feed_forward_program) return std::nullopt;
  return layer_program({*mixer_program, *feed_forward_program, norm, norm_place});
}

}  // namespace nas::space
