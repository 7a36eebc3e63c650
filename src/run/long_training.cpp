#include "nas/run/long_training.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/log.hpp"
#include "nas/run/search_run.hpp"
#include "nas/run/statistics.hpp"
#include "nas/space/outcome_json.hpp"
#include "nas/store/event_file.hpp"
#include "scores.hpp"

namespace nas::run {
namespace {

/// Beyond all repeats of a search and its verification: an architecture that was chosen for its
/// luck with those is trained with others here.
constexpr std::uint32_t kFirstRepeat = 1U << 15U;

namespace fs = std::filesystem;

constexpr int kFormat = 1;
constexpr const char* kObjective = "value";

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// What of a configuration decides a long training, or how it is watched.
Json config_of(const config::RunConfig& config) {
  const Json all = to_json(config);
  Json kept = Json::object();
  for (const char* key : {"seed", "device", "data", "training", "evaluator", "synthetic"}) {
    kept[key] = all.at(key);
  }
  config::erase_undeciding_keys(kept["training"]);
  return kept;
}

Json result_to_json(const SeedResult& result) {
  const space::Outcome& outcome = result.outcome;
  Json scores = Json::array();
  for (const space::Score& score : outcome.scores) scores.push_back(space::score_to_json(score));
  return {{"nas_training", kFormat},
          {"repeat", result.repeat},
          {"state", to_text(outcome.state)},
          {"reason", outcome.reason},
          {"detail", outcome.detail},
          {"value", number_or_null(outcome.value)},
          {"scores", scores},
          {"intermediate", outcome.intermediate},
          {"seconds", outcome.seconds},
          {"weights_hash", result.weights_hash}};
}

SeedResult result_from_json(const Json& json) {
  SeedResult result;
  space::Outcome& outcome = result.outcome;
  result.repeat = json.at("repeat").get<std::uint32_t>();
  outcome.state = space::trial_state_from_text(json.at("state").get<std::string>());
  outcome.reason = json.at("reason").get<std::string>();
  outcome.detail = json.at("detail").get<std::string>();
  if (json.at("value").is_number()) outcome.value = json.at("value").get<double>();
  for (const Json& score : json.at("scores"))
    outcome.scores.push_back(space::score_from_json(score));
  for (const Json& entry : json.at("intermediate")) {
    outcome.intermediate.emplace_back(entry.at(0).get<std::int64_t>(), entry.at(1).get<double>());
  }
  outcome.seconds = json.at("seconds").get<double>();
  result.weights_hash = json.at("weights_hash").get<std::string>();
  return result;
}

/// A JSON file of ours. Throws Error(kStudy) when it is damaged or of a newer version.
Json read_own(const std::string& path) {
  Json json = parse_stored_json(read_file(path), path);
  const bool has_format =
      json.is_object() && json.contains("nas_training") && json["nas_training"].is_number_integer();
  if (!has_format || json["nas_training"].get<int>() > kFormat) {
    throw Error(ErrorKind::kStudy, path + " is damaged or of a newer version of nas");
  }
  return json;
}

/// Whether a machine with more memory or time might do better, so that it is tried again.
bool is_of_the_machine(const space::Outcome& outcome) {
  return outcome.state == space::TrialState::kFail &&
         (outcome.reason == "oom" || outcome.reason == "timeout");
}

void require_fitting(const LongTraining::Options& options) {
  const space::ModelSpec& model = options.architecture.model;
  const std::int64_t seq_len = options.config.training.seq_len;
  if (model.positions == space::Positions::kLearned && model.max_len < seq_len) {
    throw Error(ErrorKind::kConfig, "training.seq_len = " + std::to_string(seq_len) +
                                        ": must be at most the max_len of the architecture's "
                                        "learned positions, which is " +
                                        std::to_string(model.max_len));
  }
}

Json summary_json(const std::vector<double>& values) {
  const SampleSummary summary = summarise(values);
  return {{"count", summary.count},
          {"mean", number_or_null(summary.mean)},
          {"deviation", number_or_null(summary.deviation)},
          {"interval_95", {number_or_null(summary.low), number_or_null(summary.high)}}};
}

}  // namespace

LongTraining::LongTraining(Options options) : options_(std::move(options)) {
  require_fitting(options_);
  const bool is_begun = fs::exists(path("training.json"));
  if (!is_begun && fs::exists(options_.folder) && !fs::is_empty(options_.folder) &&
      !fs::exists(path("training.lock"))) {
    throw Error(ErrorKind::kUsage, options_.folder + " holds something else than a training");
  }
  make_folders(options_.folder);
  lock_ = std::make_unique<FileLock>(path("training.lock"),
                                     "another process trains in " + options_.folder);
  if (fs::exists(path("training.json"))) {
    go_on(read_own(path("training.json")));
  } else {
    begin();
  }
  read_results();
}

void LongTraining::begin() {
  const Json architecture = to_json(options_.architecture);
  write_file_atomically(path("architecture.json"), architecture.dump(2) + "\n");
  const Json training = {{"nas_training", kFormat},
                         {"architecture_hash", hash_of(options_.architecture).hex()},
                         {"config", config_of(options_.config)}};
  write_file_atomically(path("training.json"), training.dump(2) + "\n");
}

void LongTraining::go_on(const Json& stored) {
  std::vector<std::string> lines =
      config::config_difference(stored.at("config"), config_of(options_.config));
  const std::string hash = hash_of(options_.architecture).hex();
  if (stored.at("architecture_hash") != hash) {
    lines.push_back("architecture: " + stored.at("architecture_hash").dump() + " -> \"" + hash +
                    "\"");
  }
  if (lines.empty()) return;
  std::string message = options_.folder + " holds another training:";
  for (const std::string& line : lines) message += "\n  " + line;
  throw Error(ErrorKind::kUsage, message + "\ntrain into another folder: --output FOLDER");
}

void LongTraining::read_results() {
  for (std::uint32_t repeat = 1; repeat <= options_.seeds; ++repeat) {
    const std::string file = seed_folder(repeat) + "/result.json";
    if (!fs::exists(file)) continue;
    const Json stored = read_own(file);
    try {
      SeedResult result = result_from_json(stored);
      if (!is_of_the_machine(result.outcome)) results_.push_back(std::move(result));
    } catch (const Json::exception& error) {
      throw Error(ErrorKind::kStudy, file + " is damaged: " + error.what());
    }
  }
}

bool LongTraining::is_finished() const {
  return static_cast<std::int64_t>(results_.size()) == options_.seeds;
}

void LongTraining::require_environment(const Evaluator& evaluator) {
  const std::string file = path("environment.json");
  const Json now = environment_of(evaluator);
  if (!fs::exists(file)) {
    write_file_atomically(file, now.dump(2) + "\n");
    return;
  }
  const std::vector<std::string> lines =
      environment_difference(parse_stored_json(read_file(file), file), now);
  if (lines.empty()) return;
  std::string message = "this machine differs from the one " + options_.folder + " began on:";
  for (const std::string& line : lines) message += "\n  " + line;
  throw Error(ErrorKind::kDevice, message + "\ntrain into another folder: --output FOLDER");
}

bool LongTraining::run(const Evaluator& evaluator, const Hooks& hooks) {
  require_environment(evaluator);
  for (std::uint32_t repeat = 1; repeat <= options_.seeds; ++repeat) {
    const bool is_done = std::any_of(results_.begin(), results_.end(),
                                     [&](const auto& result) { return result.repeat == repeat; });
    if (is_done) continue;
    if (interrupted() || !train_seed(repeat, evaluator, hooks)) return false;
  }
  write_file_atomically(path("metrics.json"), metrics().dump(2) + "\n");
  return true;
}

bool LongTraining::train_seed(std::uint32_t repeat, const Evaluator& evaluator,
                              const Hooks& hooks) {
  SeedResult seed;
  seed.repeat = repeat;
  hooks.on_begin(seed, evaluator.total_steps(options_.architecture));
  store::EventFile events(path("tensorboard/seed-" + std::to_string(repeat)), {});
  EvaluationRequest request;
  request.architecture = &options_.architecture;
  request.repeat = kFirstRepeat + repeat;
  request.folder = seed_folder(repeat);
  request.on_value = hooks.on_value;
  request.on_step = hooks.on_step;
  request.should_stop = [] { return interrupted(); };
  if (options_.config.training.tensorboard) {
    request.on_scalar = [&](const std::string& name, std::int64_t step, double value) {
      events.scalar(name, step, value);
    };
  }
  make_folders(request.folder);
  std::optional<EvaluationResult> result = evaluator.evaluate(request);
  if (!result) return false;
  seed.outcome = std::move(result->outcome);
  seed.weights_hash = result->extra->value("weights_hash", "");
  write_file_atomically(request.folder + "/result.json", result_to_json(seed).dump(2) + "\n");
  evaluator.remove_checkpoint(request.folder);
  hooks.on_finish(seed);
  const auto place = std::find_if(results_.begin(), results_.end(),
                                  [&](const auto& other) { return other.repeat > repeat; });
  results_.insert(place, std::move(seed));
  write_file_atomically(path("metrics.json"), metrics().dump(2) + "\n");
  return true;
}

Json LongTraining::metrics() const {
  Json seeds = Json::array();
  std::map<std::string, std::vector<double>> values;
  for (const SeedResult& result : results_) {
    Json seed = result_to_json(result);
    seed.erase("nas_training");
    seed["scores"] = Json::object();
    const bool is_complete = result.outcome.state == space::TrialState::kComplete;
    if (is_complete) values[kObjective].push_back(result.outcome.value);
    for (const space::Score& score : result.outcome.scores) {
      seed["scores"][score.name] = number_or_null(score.value);
      if (is_complete) values[score.name].push_back(score.value);
    }
    seeds.push_back(std::move(seed));
  }
  Json summaries = Json::object();
  for (const auto& [name, of_seeds] : values) summaries[name] = summary_json(of_seeds);
  return {{"nas_training", kFormat}, {"architecture_hash", hash_of(options_.architecture).hex()},
          {"metric", kMetric},       {"finished", is_finished()},
          {"seeds", seeds},          {"summary", summaries}};
}

std::string LongTraining::path(const std::string& name) const {
  return options_.folder + "/" + name;
}

std::string LongTraining::seed_folder(std::uint32_t repeat) const {
  return path("seed-" + std::to_string(repeat));
}

}  // namespace nas::run
