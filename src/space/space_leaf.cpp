#include "space/space_leaf.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "space/lexer.hpp"

namespace nas::space {
namespace {

constexpr std::int64_t kMaxOptions = std::numeric_limits<std::uint16_t>::max();

std::optional<std::int64_t> read_scalar(const Json& json, const std::string& pointer,
                                        const LeafKind& kind, Mistakes& mistakes) {
  std::string fault;
  switch (kind.type) {
    case LeafKind::Type::kInteger:
      fault = integer_fault(json, kind.min, kind.max);
      if (fault.empty()) return json.get<std::int64_t>();
      break;
    case LeafKind::Type::kBoolean:
      if (json.is_boolean()) return json.get<bool>() ? 1 : 0;
      fault = "must be true or false";
      break;
    case LeafKind::Type::kName: {
      const std::string given = json.is_string() ? json.get<std::string>() : "";
      const auto found = std::find(kind.names.begin(), kind.names.end(), given);
      if (found != kind.names.end()) return found - kind.names.begin();
      fault = "must be " + kind.what + " (" + listed(kind.names) + ")" +
              did_you_mean(given, kind.names);
      break;
    }
  }
  mistakes.add(pointer, json, fault);
  return std::nullopt;
}

/// A choice and what its options stand for.
struct Options {
  Choice& choice;
  std::vector<std::int64_t>& values;
};

void read_options(const Json& json, const std::string& pointer, const LeafKind& kind,
                  Mistakes& mistakes, const Options& leaf) {
  if (!json.is_array() || json.empty() || json.size() > static_cast<std::size_t>(kMaxOptions)) {
    mistakes.add(pointer, json,
                 "must be an array of 1 to " + std::to_string(kMaxOptions) + " options");
    return;
  }
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string place = pointer + "/" + std::to_string(i);
    const std::optional<std::int64_t> value = read_scalar(json[i], place, kind, mistakes);
    if (!value) continue;
    if (std::find(leaf.values.begin(), leaf.values.end(), *value) != leaf.values.end()) {
      mistakes.add(place, json[i], "is given twice; options must differ");
      continue;
    }
    leaf.values.push_back(*value);
    leaf.choice.options.push_back(json[i]);
  }
}

void read_range(const Json& json, const std::string& pointer, const LeafKind& kind,
                Mistakes& mistakes, const Options& leaf) {
  if (kind.type != LeafKind::Type::kInteger) {
    mistakes.add(pointer, "only a size may be a range of integers; give a \"choice\"");
    return;
  }
  Choice& choice = leaf.choice;
  choice.is_integer_range = true;
  const std::size_t before = mistakes.count();
  ObjectReader reader(json, pointer, mistakes);
  static_cast<void>(reader.require("min"));
  static_cast<void>(reader.require("max"));
  reader.read_integer("min", kind.min, kind.max, choice.min);
  reader.read_integer("max", kind.min, kind.max, choice.max);
  reader.read_integer("step", 1, kind.max, choice.step);
  reader.finish();
  if (mistakes.count() != before) return;
  if (choice.max < choice.min || (choice.max - choice.min) % choice.step != 0) {
    mistakes.add(reader.pointer_to("max"), json.at("max"),
                 "must be min = " + std::to_string(choice.min) +
                     " plus a multiple of step = " + std::to_string(choice.step));
    return;
  }
  if ((choice.max - choice.min) / choice.step >= kMaxOptions) {
    mistakes.add(pointer, "has more than " + std::to_string(kMaxOptions) + " values");
    return;
  }
  for (std::int64_t value = choice.min; value <= choice.max; value += choice.step) {
    leaf.values.push_back(value);
    choice.options.emplace_back(value);
  }
}

void read_initial(const Json& json, const std::string& pointer, Mistakes& mistakes,
                  Choice& choice) {
  const std::vector<Json>& options = choice.options;
  const auto found = std::find(options.begin(), options.end(), json);
  if (found != options.end()) {
    choice.initial = static_cast<std::uint16_t>(found - options.begin());
  } else if (!options.empty()) {  // else the options' own mistake is enough
    mistakes.add(pointer, json, "must be one of the options");
  }
}

}  // namespace

std::optional<ParsedLeaf> read_leaf(const Json& json, const std::string& pointer,
                                    const LeafKind& kind, Mistakes& mistakes) {
  const std::size_t before = mistakes.count();
  ParsedLeaf leaf;
  if (!json.is_object()) {
    const std::optional<std::int64_t> value = read_scalar(json, pointer, kind, mistakes);
    if (!value) return std::nullopt;
    leaf.values.push_back(*value);
    return leaf;
  }
  Choice& choice = leaf.choice.emplace();
  ObjectReader reader(json, pointer, mistakes);
  const Json* options = reader.find("choice");
  const Json* range = reader.find("int");
  if ((options == nullptr) == (range == nullptr)) {
    mistakes.add(pointer, json,
                 "must be a value, {\"choice\": [...]} or {\"int\": {\"min\", \"max\", \"step\"}}");
    return std::nullopt;
  }
  if (options != nullptr) {
    read_options(*options, reader.pointer_to("choice"), kind, mistakes, {choice, leaf.values});
  } else {
    read_range(*range, reader.pointer_to("int"), kind, mistakes, {choice, leaf.values});
  }
  if (const Json* initial = reader.find("initial")) {
    read_initial(*initial, reader.pointer_to("initial"), mistakes, choice);
  }
  reader.finish();
  if (mistakes.count() != before) return std::nullopt;
  return leaf;
}

Leaf add_leaf(const ParsedLeaf& parsed, const std::string& name, std::vector<Choice>& choices) {
  Leaf leaf;
  leaf.values = parsed.values;
  if (parsed.choice) {
    leaf.choice = choices.size();
    choices.push_back(*parsed.choice);
    choices.back().name = name;
  }
  return leaf;
}

const Json* per_layer_part(const Json& json) {
  return json.is_object() && json.contains("per_layer") ? &json.at("per_layer") : nullptr;
}

}  // namespace nas::space
