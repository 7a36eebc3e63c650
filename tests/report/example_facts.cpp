#include "example_facts.hpp"

#include <limits>
#include <nlohmann/json.hpp>

namespace nas::report::testing {

std::shared_ptr<const space::Space> example_space() {
  const Json json = Json::parse(R"({
    "layers": 1, "model_dim": 32, "heads": {"choice": [2, 4], "initial": 4},
    "inner_dim": {"choice": [32, 64, 128], "initial": 64},
    "layer": {"program": {"vocabulary": "causal", "max_nodes": 60, "sample_mutations": 4,
      "initial": {"mixer": "softmax_attention", "feed_forward": "relu", "norm": "layer_norm",
                  "norm_place": "pre"}}}})");
  return std::make_shared<const space::Space>(
      space::Space::from_json(json, space::ModelSpec{}, JsonPositions("test"), "/space"));
}

StudyFacts example_facts() {
  StudyFacts facts;
  facts.folder = "runs/example";
  facts.name = "example";
  facts.objectives = {{"val_bpb", false}};
  facts.seed = 7;
  facts.config = Json{{"training", {{"steps", 100}}}, {"seed", 7}};
  facts.environment = Json{{"cpu", "an example"}};
  facts.space = example_space();
  return facts;
}

space::Trial& add_trial(StudyFacts& facts, double value) {
  space::Trial trial;
  trial.number = static_cast<std::int64_t>(facts.trials.size());
  trial.candidate.origin = trial.number == 0 ? "initial" : "mutation";
  trial.outcome.state = space::TrialState::kComplete;
  trial.outcome.value = value;
  trial.outcome.seconds = 10;
  set_sample(facts, trial, facts.space->initial());
  return facts.trials.emplace_back(std::move(trial));
}

space::Trial& add_ended(StudyFacts& facts, space::TrialState state, const std::string& reason,
                        const std::string& detail) {
  space::Trial& trial = add_trial(facts, std::numeric_limits<double>::quiet_NaN());
  trial.outcome.state = state;
  trial.outcome.reason = reason;
  trial.outcome.detail = detail;
  return trial;
}

void set_sample(const StudyFacts& facts, space::Trial& trial, const space::Sample& sample) {
  trial.candidate.sample = sample;
  trial.candidate.architecture = facts.space->architecture(sample);
  trial.candidate.hash = hash_of(trial.candidate.architecture);
}

space::Score score_of(const std::string& name, double value, const std::string& unit) {
  space::Score score;
  score.name = name;
  score.value = value;
  score.unit = unit;
  score.protocol = "analytic";
  return score;
}

}  // namespace nas::report::testing
