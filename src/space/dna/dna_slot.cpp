#include "space/dna/dna_slot.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "space/lexer.hpp"

namespace nas::space {
namespace {

std::uint16_t operation(const char* name) {
  const auto found = find_dna_operation(name);
  if (!found) throw Error(ErrorKind::kInternal, std::string("no operation ") + name);
  return *found;
}

/// The paper's operations and, under rope, ours.
std::vector<std::uint16_t> primer_vocabulary(Positions positions) {
  std::vector<std::uint16_t> all;
  for (std::size_t i = 0; i < kPaperOperations; ++i) all.push_back(static_cast<std::uint16_t>(i));
  if (positions == Positions::kRope) all.push_back(operation("rope"));
  return all;
}

std::vector<std::uint16_t> read_vocabulary(const Json& json, const std::string& pointer,
                                           Positions positions, Mistakes& mistakes) {
  if (json == "primer") return primer_vocabulary(positions);
  if (!json.is_array() || json.empty()) {
    mistakes.add(pointer, json,
                 "must be \"primer\" for the paper's operations, or an array of their names");
    return {};
  }
  std::vector<std::string> known;
  for (const DnaOperation& each : dna_operations()) known.push_back(each.name);
  std::vector<std::uint16_t> vocabulary;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string place = pointer + "/" + std::to_string(i);
    const std::string name = json[i].is_string() ? json[i].get<std::string>() : "";
    const auto found = find_dna_operation(name);
    if (!found) {
      mistakes.add(place, json[i], "must be the name of an operation" + did_you_mean(name, known));
    } else if (std::find(vocabulary.begin(), vocabulary.end(), *found) != vocabulary.end()) {
      mistakes.add(place, json[i], "is given twice");
    } else {
      vocabulary.push_back(*found);
    }
  }
  std::sort(vocabulary.begin(), vocabulary.end());  // draws must not depend on the file's order
  return vocabulary;
}

std::optional<LoweredDna> lowered(const Dna& dna, const Json& json, const CheckRules& rules,
                                  const std::string& pointer, Mistakes& mistakes) {
  std::optional<Program> program = lower(dna);
  if (!program) {
    mistakes.add(pointer, json,
                 "lowers to more than " + std::to_string(kMaxLoweredNodes) + " nodes");
    return std::nullopt;
  }
  CheckedProgram checked;
  const Rejection rejection = check(*program, rules, checked);
  if (rejection.kind != Rejection::Kind::kNone) {
    mistakes.add(pointer, json, "lowers to a program whose " + explain(rejection, *program, rules));
    return std::nullopt;
  }
  return LoweredDna{dna, std::move(*program)};
}

}  // namespace

std::optional<LoweredDna> read_dna(const Json& json, const CheckRules& rules,
                                   const std::string& pointer, Mistakes& mistakes) {
  const std::string text = text_of_lines(json);
  if (!is_dna_text(text)) {
    mistakes.add(pointer, json, "must be a DNA in text form, which begins with the word dna");
    return std::nullopt;
  }
  try {
    const Dna dna = dna_from_text(text, mistakes.positions().describe(pointer));
    return lowered(dna, json, rules, pointer, mistakes);
  } catch (const Error& error) {
    mistakes.add_complete(error.what());
    return std::nullopt;
  }
}

void read_dna_slot(ObjectReader& reader, const SlotContext& context, ProgramSlot& slot) {
  Mistakes& mistakes = reader.mistakes();
  DnaRules rules;
  std::int64_t max_instructions = rules.max_instructions;
  reader.read_integer("max_instructions", 1, kMaxSlotNodes, max_instructions);
  rules.max_instructions = static_cast<int>(max_instructions);
  if (const Json* vocabulary = reader.require("vocabulary")) {
    rules.operations = read_vocabulary(*vocabulary, reader.pointer_to("vocabulary"),
                                       context.blocks.positions, mistakes);
  }
  slot.dna = rules;
  const Json* initial = reader.require("initial");
  if (initial == nullptr) return;
  const std::string pointer = reader.pointer_to("initial");
  if (context.place != ProgramSlot::Place::kLayer) {
    mistakes.add(pointer, *initial, "a DNA is a whole layer: it belongs into \"layer\"");
    return;
  }
  std::optional<LoweredDna> read;
  if (*initial == "primer_transformer") {
    try {
      const Dna dna =
          primer_transformer(context.heads, context.model_dim, context.blocks.positions);
      read = lowered(dna, *initial, slot.rules.check, pointer, mistakes);
    } catch (const Error& error) {
      mistakes.add(pointer, *initial, error.what());
    }
  } else {
    read = read_dna(*initial, slot.rules.check, pointer, mistakes);
  }
  if (!read) return;
  slot.initial = read->program;
  slot.dna_initial = read->dna;
}

bool dna_may_hold_rope(const ProgramSlot& slot) {
  if (has_rope(slot.initial)) return true;
  if (!slot.dna) return false;
  const std::vector<std::uint16_t>& all = slot.dna->operations;
  return std::find(all.begin(), all.end(), operation("rope")) != all.end();
}

}  // namespace nas::space
