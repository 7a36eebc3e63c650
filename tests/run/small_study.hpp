#pragma once

#include <unistd.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "nas/run/search_run.hpp"
#include "nas/run/verification.hpp"

namespace nas::run::testing {

/// A folder that is gone at the end of the test.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "nas-run-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// A synthetic search of a few trials with hurdles, checkpoints and verification.
inline config::RunConfig small_config(std::int64_t parallelism, std::int64_t trials) {
  Json json = Json::parse(R"({
    "name": "small", "seed": 3, "device": "cpu", "evaluator": "synthetic",
    "space": {"layers": 1, "model_dim": 32, "heads": 4,
      "inner_dim": {"choice": [32, 64, 128], "initial": 64},
      "layer": {"program": {"vocabulary": "causal", "max_nodes": 60, "sample_mutations": 4,
        "initial": {"mixer": "softmax_attention", "feed_forward": "relu", "norm": "layer_norm",
                    "norm_place": "pre"}}}},
    "search": {"name": "regularized_evolution", "options": {"population": 6, "tournament": 3}},
    "training": {"steps": 12, "eval_every": 4, "checkpoint_every": 5,
                 "hurdles": {"count": 1, "minimum": 2}},
    "verify": {"top": 1, "repeats": 1}})");
  json["search"]["parallelism"] = parallelism;
  json["budget"]["trials"] = trials;
  return config::config_from_json(json, JsonPositions("small"));
}

/// What the command line does: makes the study or goes on with it.
inline RunEnd run_to_end(const config::RunConfig& config, const std::string& folder,
                         std::int64_t workers) {
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at(config.evaluator).make(config);
  store::Study study = store::Study::exists(folder)
                           ? store::Study::open(folder, store::Study::Access::kWrite)
                           : store::Study::create(folder, study_header(plan, *evaluator));
  return run_search(plan, *evaluator, study, {workers, nullptr});
}

/// A small_config of every kind of phase: seeds, several objectives, random search.
inline config::RunConfig small_config_with_everything(std::int64_t parallelism,
                                                      std::int64_t trials) {
  Json json = to_json(small_config(parallelism, trials));
  json["repeat"]["seeds"] = 2;
  json["synthetic"]["noise"] = 0.05;
  json["objectives"] = Json::parse(R"([{"metric": "val_bpb"}, {"metric": "params"}])");
  json["verify"] = Json::parse(R"({"top": 2, "repeats": 2, "random_search": true})");
  return config::config_from_json(json, JsonPositions("small"));
}

/// Everything that must be the same, as text.
inline std::string fingerprint(const std::string& folder) {
  const store::Study study = store::Study::open(folder, store::Study::Access::kRead);
  Json json = Json::array();
  for (const space::Trial& trial : study.trials()) {
    json.push_back({trial.number, to_text(trial.outcome.state), trial.outcome.reason,
                    trial.outcome.value, trial.outcome.further_values, trial.outcome.intermediate,
                    trial.candidate.hash.hex(), trial.candidate.parents, trial.candidate.origin,
                    study.trial_attribute(trial.number, "weights_hash"),
                    study.trial_attribute(trial.number, "weights_hashes")});
    for (const space::Score& score : trial.outcome.scores) {
      json.back().push_back({score.name, score.value, score.spread});
    }
  }
  for (const store::RepeatRun& run : study.repeats()) {
    json.push_back({run.role, run.hash, run.repeat, run.outcome.value, run.outcome.further_values});
  }
  json.push_back(study.attribute("random_search"));
  const std::string random = folder + "/random";
  if (store::Study::exists(random)) json.push_back(fingerprint(random));
  return json.dump(1);
}

}  // namespace nas::run::testing
