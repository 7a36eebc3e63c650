#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/space/architecture.hpp"
#include "nas/space/text.hpp"
#include "space/architecture_faults.hpp"
#include "space/json_reader.hpp"
#include "space/lexer.hpp"
#include "space/preset_json.hpp"
#include "space/program_reader.hpp"

namespace nas::space {
namespace {

constexpr std::int64_t kFormat = 1;
constexpr std::int64_t kMaxSize = std::int64_t{1} << 24;

Json model_json(const ModelSpec& model) {
  Json json = Json::object();
  json["kind"] = kModelKindNames[static_cast<std::size_t>(model.kind)];
  json["vocab_size"] = model.vocab_size;
  json["model_dim"] = model.model_dim;
  json["positions"] = kPositionsNames[static_cast<std::size_t>(model.positions)];
  json["max_len"] = model.max_len;
  json["tied_head"] = model.tied_head;
  json["final_norm"] = kNormKindNames[static_cast<std::size_t>(model.final_norm)];
  return json;
}

ModelSpec read_model(const Json& json, const std::string& pointer, Mistakes& mistakes) {
  ModelSpec model;
  ObjectReader reader(json, pointer, mistakes);
  static_cast<void>(reader.require("vocab_size"));
  static_cast<void>(reader.require("model_dim"));
  reader.read_name("kind", kModelKindNames, model.kind);
  reader.read_integer("vocab_size", 1, kMaxSize, model.vocab_size);
  reader.read_integer("model_dim", 1, kMaxSize, model.model_dim);
  reader.read_name("positions", kPositionsNames, model.positions);
  reader.read_integer("max_len", 1, kMaxSize, model.max_len);
  reader.read_boolean("tied_head", model.tied_head);
  reader.read_name("final_norm", kNormKindNames, model.final_norm);
  reader.finish();
  return model;
}

/// Programs by name; one that could not be read has no program, so that its use is no second
/// mistake.
struct NamedPrograms {
  std::vector<std::string> names;
  std::vector<std::optional<Program>> programs;
};

NamedPrograms read_programs(const Json& json, const std::string& pointer, Mistakes& mistakes) {
  NamedPrograms result;
  if (!json.is_object()) {
    mistakes.add(pointer, json, "must be an object {\"name\": [lines], ...}");
    return result;
  }
  for (const auto& [name, lines] : json.items()) {
    result.names.push_back(name);
    result.programs.push_back(read_program(lines, pointer_step(pointer, name), mistakes));
  }
  return result;
}

std::optional<Program> read_layer_program(const Json& json, const std::string& pointer,
                                          const NamedPrograms& named, Mistakes& mistakes) {
  if (json.is_array() || is_program_text(json)) return read_program(json, pointer, mistakes);
  const std::string name = json.is_string() ? json.get<std::string>() : "";
  const auto found = std::find(named.names.begin(), named.names.end(), name);
  if (found != named.names.end()) {
    return named.programs[static_cast<std::size_t>(found - named.names.begin())];
  }
  mistakes.add(pointer, json,
               "must be a name in \"programs\" (" + listed(named.names) +
                   ") or a program in text form" + did_you_mean(name, named.names));
  return std::nullopt;
}

LayerSpec read_layer(const Json& json, const std::string& pointer, const ModelSpec& model,
                     const NamedPrograms& named, Mistakes& mistakes) {
  LayerSpec layer;
  ObjectReader reader(json, pointer, mistakes);
  static_cast<void>(reader.require("heads"));
  static_cast<void>(reader.require("inner_dim"));
  reader.read_integer("heads", 1, kMaxSize, layer.heads);
  reader.read_integer("inner_dim", 1, kMaxSize, layer.inner_dim);
  std::optional<Program> program;
  if (const Json* given = reader.find("program")) {
    program = read_layer_program(*given, reader.pointer_to("program"), named, mistakes);
  } else if (json.is_object() && !reader.has("mixer") && !reader.has("feed_forward")) {
    mistakes.add(pointer, "needs \"program\", or \"mixer\" and \"feed_forward\"");
    return layer;
  } else {
    program = read_short_layer(reader, model.positions);
  }
  reader.finish();
  if (program) layer.program = *program;
  return layer;
}

void check_format(const Json& json, Mistakes& mistakes) {
  const Json* format = json.is_object() && json.contains("nas_architecture")
                           ? &json.at("nas_architecture")
                           : nullptr;
  if (format == nullptr) {
    mistakes.add("", "no architecture: the key \"nas_architecture\" is missing");
  } else if (!format->is_number_integer() || *format < 1) {
    mistakes.add("/nas_architecture", *format,
                 "must be the format's number, " + std::to_string(kFormat));
  } else if (*format > kFormat) {
    mistakes.add("/nas_architecture", *format,
                 "was written by a newer nas; this one reads format " + std::to_string(kFormat));
  }
  mistakes.throw_if_any();
}

/// The full form; faults are added.
Architecture read_whole(const Json& json, Mistakes& mistakes) {
  check_format(json, mistakes);
  ObjectReader reader(json, "", mistakes);
  static_cast<void>(reader.find("nas_architecture"));
  Architecture architecture;
  if (const Json* model = reader.require("model")) {
    architecture.model = read_model(*model, "/model", mistakes);
  }
  NamedPrograms named;
  if (const Json* programs = reader.find("programs")) {
    named = read_programs(*programs, "/programs", mistakes);
  }
  if (const Json* layers = reader.require("layers")) {
    if (!layers->is_array()) mistakes.add("/layers", *layers, "must be an array of layers");
    for (std::size_t i = 0; layers->is_array() && i < layers->size(); ++i) {
      architecture.layers.push_back(read_layer((*layers)[i], "/layers/" + std::to_string(i),
                                               architecture.model, named, mistakes));
    }
  }
  reader.finish();
  return architecture;
}

}  // namespace

Json to_json(const Architecture& architecture) {
  Json json = Json::object();
  json["nas_architecture"] = kFormat;
  json["model"] = model_json(architecture.model);
  Json programs = Json::object();
  Json layers = Json::array();
  std::vector<const Program*> written;
  for (const LayerSpec& layer : architecture.layers) {
    const auto found = std::find_if(written.begin(), written.end(), [&](const Program* program) {
      return *program == layer.program;
    });
    const std::string name = "p" + std::to_string(found - written.begin());
    if (found == written.end()) {
      written.push_back(&layer.program);
      programs[name] = to_json(layer.program);
    }
    Json entry = Json::object();
    entry["heads"] = layer.heads;
    entry["inner_dim"] = layer.inner_dim;
    entry["program"] = name;
    layers.push_back(std::move(entry));
  }
  json["programs"] = std::move(programs);
  json["layers"] = std::move(layers);
  return json;
}

Architecture architecture_from_json(const Json& json, const JsonPositions& positions) {
  Mistakes mistakes(positions);
  const bool is_preset = json.is_object() && json.contains("preset");
  const std::optional<Architecture> preset = is_preset ? read_preset(json, mistakes) : std::nullopt;
  mistakes.throw_if_any();
  Architecture architecture = preset ? *preset : read_whole(json, mistakes);
  mistakes.throw_if_any();
  // The layers of a preset are equal, and so are their faults.
  Architecture checked = architecture;
  if (is_preset) checked.layers.resize(1);
  report_faults(checked, [&](const std::string& pointer, const std::string& fault) {
    const std::string place = positions.describe(pointer);
    mistakes.add_complete(dotted(pointer) + (place.empty() ? " " : " (" + place + ") ") + fault);
  });
  mistakes.throw_if_any();
  return architecture;
}

Architecture read_architecture(const std::string& path) {
  JsonPositions positions;
  const Json json = read_json(path, positions);
  // As the member "architecture" of what `nas best --format json` prints of a trial.
  const bool is_within = json.is_object() && json.contains("architecture");
  return architecture_from_json(is_within ? json["architecture"] : json, positions);
}

}  // namespace nas::space
