#include "nas/config/run_config.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace nas::config {
namespace {

TextRule study_name() {
  return {
      "a name of up to 100 letters, digits, '_', '-' and '.' that begins with a letter, digit "
      "or '_'",
      "[A-Za-z0-9_][A-Za-z0-9_.-]*", 100};
}

TextRule device_name() {
  constexpr const char* kList = "cpu(,cpu)*|cuda(:[0-9]{1,3})?(,cuda(:[0-9]{1,3})?)*";
  constexpr std::size_t kMostBytes = 512;
  return {"\"auto\", \"cpu\", \"cuda\", \"cuda:N\", or several of one kind: \"cuda:0,cuda:1\"",
          std::string("auto|") + kList, kMostBytes};
}

TextRule storage_url() {
  return {"empty (SQLite in the study's folder, the only storage of this version)", "()", 4096};
}

void describe_objective_rules(Fields& fields, const RunConfig& config) {
  constexpr std::size_t kMostObjectives = 8;
  const std::vector<ObjectiveConfig>& objectives = config.objectives;
  fields.rule("objectives", !objectives.empty() && objectives.size() <= kMostObjectives,
              "hold between one objective and " + std::to_string(kMostObjectives));
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const auto same = [&](const ObjectiveConfig& other) {
      return other.metric == objectives[i].metric;
    };
    const auto before = objectives.begin() + static_cast<std::ptrdiff_t>(i);
    fields.rule("objectives", std::none_of(objectives.begin(), before, same),
                "name each metric once; \"" + objectives[i].metric + "\" stands there twice");
    fields.rule("objectives", config.combine != "weighted_product" || objectives[i].reference,
                "give \"" + objectives[i].metric +
                    "\" a reference, by which a weighted product divides it");
  }
}

void describe_rules(Fields& fields, const RunConfig& config) {
  describe_objective_rules(fields, config);
  fields.rule("training.budget.seconds",
              !config.training.budget.seconds || config.evaluator == "train",
              "be left out with the evaluator \"" + config.evaluator + "\", which has no clock");
  const bool has_table = config.model.positions == "learned";
  fields.rule("model.max_len", !has_table || config.model.max_len >= config.training.seq_len,
              "be at least training.seq_len, which is " + std::to_string(config.training.seq_len) +
                  ", with learned positions");
  fields.rule("model.max_len",
              !has_table || !config.profile.latency || config.model.max_len >= config.profile.seq,
              "be at least profile.seq, which is " + std::to_string(config.profile.seq) +
                  ", with learned positions");
}

}  // namespace

void describe(Fields& fields, RunConfig& config) {
  const auto section = [&](const char* name, const char* help, auto& part) {
    fields.section(name, help, [&part](Fields& inner) { describe(inner, part); });
  };
  fields.ignored("$schema", "the JSON Schema of this file, for editors");
  fields.text("name", config.name, study_name(),
              "of the study: its folder is runs/NAME; the file's name unless given");
  fields.unsigned_integer("seed", config.seed, "everything random follows from it");
  fields.text("device", config.device, device_name(),
              "auto: the first GPU, else the CPU. Several with commas between, all of one model: a "
              "process each trains trials of the one search; may change on resume");
  section("data", "corpus and tokenizer", config.data);
  section("model", "what surrounds the layers", config.model);
  fields.raw("space", config.space, RawKind::kObject,
             "the template of architectures with its choices", Presence::kRequired);
  section("search", "what proposes candidates, and how", config.search);
  section("training", "how a candidate is trained to score it", config.training);
  section("repeat", "several trainings of each candidate", config.repeat);
  fields.choice("evaluator", config.evaluator, {"train", "synthetic", "analytic"},
                "train: short training; synthetic: a closed-form objective with a known optimum, "
                "to try searchers; analytic: no training, for objectives that are only counted");
  fields.raw("synthetic", config.synthetic, RawKind::kObject, "options of the synthetic evaluator");
  fields.list("objectives", config.objectives, "what is searched for; the first is Optuna's value");
  fields.choice(
      "combine", config.combine, {"pareto", "weighted_product"},
      "several objectives. pareto: all trials that no other is better than in every one; "
      "weighted_product: one value, the product of (metric / reference) ^ weight (Tan et "
      "al. 2019, arXiv:1807.11626), with -weight for a metric to maximize; least is best");
  fields.list("constraints", config.constraints, "what every candidate must satisfy");
  section("profile", "latency of each candidate", config.profile);
  section("budget", "when the search ends; may change on resume", config.budget);
  section("verify", "the last phase, which trains the winner again; may change on resume",
          config.verify);
  fields.text("storage", config.storage, storage_url(), "where the study's database is");
  describe_rules(fields, config);
}

RunConfig config_from_json(const Json& json, const JsonPositions& positions) {
  RunConfig config;
  read_fields(json, positions, "", [&](Fields& fields) { describe(fields, config); });
  return config;
}

std::vector<std::string> device_names(const std::string& device) {
  std::vector<std::string> names;
  std::size_t begin = 0;
  while (true) {
    const std::size_t comma = device.find(',', begin);
    names.push_back(device.substr(begin, comma - begin));
    if (comma == std::string::npos) return names;
    begin = comma + 1;
  }
}

Json with_former_meaning(Json stored) {
  if (!stored.is_object() || !stored.contains("data") || !stored["data"].is_object()) return stored;
  Json& data = stored["data"];
  if (!data.contains("document_mask")) data["document_mask"] = false;
  return stored;
}

Json to_json(const RunConfig& config) {
  RunConfig copy = config;
  return write_fields([&](Fields& fields) { describe(fields, copy); });
}

Json config_schema() {
  RunConfig defaults;
  Json schema{{"title", "nas run configuration"}};
  Json described = schema_of([&](Fields& fields) { describe(fields, defaults); });
  schema.update(described);
  return schema;
}

std::vector<HelpRow> config_help() {
  RunConfig defaults;
  return help_of([&](Fields& fields) { describe(fields, defaults); });
}

Hash128 config_hash(const RunConfig& config) {
  const Json all = to_json(config);
  Json deciding = Json::object();
  for (const auto& [key, value] : all.items()) {
    if (!is_budget_key(key)) deciding[key] = value;
  }
  erase_undeciding_keys(deciding["training"]);
  return hash_text(deciding.dump());
}

}  // namespace nas::config
