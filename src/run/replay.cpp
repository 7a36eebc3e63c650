#include <bit>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "metrics.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/units.hpp"
#include "nas/run/hurdles.hpp"
#include "nas/run/search_run.hpp"
#include "seeds.hpp"

namespace nas::run {
namespace {

using space::Outcome;
using space::Trial;

bool same_bits(double first, double second) {
  return std::bit_cast<std::uint64_t>(first) == std::bit_cast<std::uint64_t>(second) ||
         (std::isnan(first) && std::isnan(second));
}

/// Empty, or the first difference of two outcomes in the order in which they came about.
std::string first_difference(const Outcome& stored, const Outcome& again) {
  for (std::size_t i = 0; i < std::max(stored.intermediate.size(), again.intermediate.size());
       ++i) {
    if (i >= stored.intermediate.size() || i >= again.intermediate.size()) {
      return "stored " + std::to_string(stored.intermediate.size()) +
             " intermediate values, again " + std::to_string(again.intermediate.size());
    }
    const auto& [step, value] = stored.intermediate[i];
    const auto& [step_again, value_again] = again.intermediate[i];
    if (step != step_again || !same_bits(value, value_again)) {
      return "diverged at or before step " + std::to_string(step) + ": stored " +
             format_exact(value) + ", again " + format_exact(value_again) + " at step " +
             std::to_string(step_again);
    }
  }
  if (stored.state != again.state || stored.reason != again.reason) {
    return std::string("stored ") + to_text(stored.state) + " " + stored.reason + ", again " +
           to_text(again.state) + " " + again.reason;
  }
  if (!same_bits(stored.value, again.value)) {
    return "value: stored " + format_exact(stored.value) + ", again " + format_exact(again.value);
  }
  for (std::size_t i = 0; i < stored.further_values.size(); ++i) {
    const double value = i < again.further_values.size() ? again.further_values[i] : std::nan("");
    if (!same_bits(stored.further_values[i], value)) {
      return "value " + std::to_string(i + 1) + ": stored " +
             format_exact(stored.further_values[i]) + ", again " + format_exact(value);
    }
  }
  return "";
}

std::string differing_weights(const Json& stored, const Json& again) {
  const bool is_same = stored == again || (stored.is_null() && again.empty());
  return is_same ? "" : "weights: stored " + stored.dump() + ", again " + again.dump();
}

std::string trial_folder(const store::Study& study, std::int64_t number) {
  return study.folder() + "/trials/" + std::to_string(number);
}

/// Below a trial's folder, where it is trained again: its weights stay until others are found
/// equal.
constexpr const char* kAgain = "/again";
constexpr const char* kWeights = "/model.safetensors";

/// Puts the weights of every training that was made again in its place, and removes the rest.
void keep_weights(const std::string& folder, std::int64_t seeds, bool is_identical) {
  for (std::int64_t seed = 0; is_identical && seed < seeds; ++seed) {
    const std::string made = seed_folder(folder + kAgain, seed) + kWeights;
    if (!std::filesystem::exists(made)) continue;
    const std::string place = seed_folder(folder, seed);
    make_folders(place);
    std::filesystem::rename(made, place + kWeights);
  }
  std::filesystem::remove_all(folder + kAgain);
}

/// The request of the search, from what the trial could see then.
SeedsRequest request_for(const Plan& plan, const store::Study& study,
                         const std::vector<Trial>& trials, std::int64_t number, bool keep) {
  const std::int64_t visible =
      std::max<std::int64_t>(0, number - plan.config.search.parallelism + 1);
  const search::History history{std::span(trials).first(static_cast<std::size_t>(number)),
                                static_cast<std::size_t>(visible)};
  SeedsRequest request;
  EvaluationRequest& evaluation = request.evaluation;
  evaluation.architecture = &trials[static_cast<std::size_t>(number)].candidate.architecture;
  if (keep) evaluation.folder = trial_folder(study, number) + kAgain;
  evaluation.hurdle_bars = bars_for(plan, history);
  evaluation.on_value = [](std::int64_t, double) {};
  evaluation.on_step = [](std::int64_t) {};
  evaluation.should_stop = [] { return interrupted(); };
  request.seeds = plan.config.repeat.seeds;
  return request;
}

/// What the objectives are taken from: scores of the training made again, counted ones, and
/// measured ones as the study stores them, for a time is never measured twice the same.
space::Scores scores_again(const Plan& plan, const Trial& trial, const Outcome& again) {
  space::Scores scores = again.scores;
  const space::Scores counted = analytic_scores(plan.config, trial.candidate.architecture);
  scores.insert(scores.end(), counted.begin(), counted.end());
  for (const space::Score& score : trial.outcome.scores) {
    const std::string name = score.name.substr(0, score.name.find('['));
    if (metric_kind(name) == MetricKind::kMeasured) scores.push_back(score);
  }
  return scores;
}

}  // namespace

Replay replay_trial(const Plan& plan, const Evaluator& evaluator, const store::Study& study,
                    std::int64_t number, bool keep) {
  const std::vector<Trial> trials = trials_with_hurdles(plan, study);
  if (number < 0 || number >= static_cast<std::int64_t>(trials.size())) {
    throw Error(ErrorKind::kUsage, "there is no trial " + std::to_string(number) +
                                       "; the study has " + std::to_string(trials.size()));
  }
  const Trial& trial = trials[static_cast<std::size_t>(number)];
  if (!is_finished(trial.outcome.state)) {
    throw Error(ErrorKind::kUsage, "trial " + std::to_string(number) +
                                       " is not finished, so there is nothing to compare");
  }
  if (trial.candidate.duplicate_of) {
    return replay_trial(plan, evaluator, study, *trial.candidate.duplicate_of, keep);
  }
  const std::string& reason = trial.outcome.reason;
  if (reason == "constraint" || reason == "killed" || reason == "timeout" || reason == "oom") {
    return {false, "a trial that ended by " + reason +
                       " depends on the machine, not on the candidate: it cannot be replayed"};
  }
  if (plan.config.training.budget.seconds) {
    return {false, "training.budget.seconds lets the clock end trainings: they do not repeat"};
  }
  SeedsRequest request = request_for(plan, study, trials, number, keep);
  Json hashes = Json::array();
  request.on_trained = [&](std::uint32_t, const EvaluationResult& result) {
    hashes.push_back(result.extra->value("weights_hash", Json()));
  };
  if (keep) {
    // From the first step: what an earlier attempt left may be of another machine.
    std::filesystem::remove_all(request.evaluation.folder);
    make_folders(request.evaluation.folder);
  }
  std::optional<EvaluationResult> again = evaluate_seeds(evaluator, request);
  if (!again) return {false, "interrupted"};
  apply_objectives(plan.config, scores_again(plan, trial, again->outcome), again->outcome);
  Replay replay;
  replay.difference = first_difference(trial.outcome, again->outcome);
  if (replay.difference.empty()) {
    replay.difference = differing_weights(study.trial_attribute(number, "weights_hash"),
                                          again->extra->value("weights_hash", Json()));
  }
  if (replay.difference.empty() && plan.config.repeat.seeds > 1) {
    replay.difference = differing_weights(study.trial_attribute(number, "weights_hashes"), hashes);
  }
  replay.identical = replay.difference.empty();
  if (keep) keep_weights(trial_folder(study, number), request.seeds, replay.identical);
  return replay;
}

}  // namespace nas::run
