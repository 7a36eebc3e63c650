#include <algorithm>
#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "metrics.hpp"
#include "nas/core/files.hpp"
#include "nas/space/outcome_json.hpp"
#include "scores.hpp"
#include "seeds.hpp"
#include "trial_events.hpp"

namespace nas::run {
namespace {

using space::Outcome;
using space::Trial;
using space::TrialState;

/// Attribute under which a measured latency is kept from the moment it is known, so that a trial
/// that dies and runs again is judged by the same figure.
constexpr const char* kMeasured = "measured";

/// Role of the trainings of a candidate among the study's repeats, and the attribute that holds
/// the hashes of their weights, when repeat.seeds is above 1.
constexpr const char* kSearchRole = "search";
constexpr const char* kWeightsHashes = "weights_hashes";

}  // namespace

void SearchLoop::evaluate(const Job& job) {
  Trial trial;
  {
    const std::scoped_lock lock(mutex_);
    trial = trials_[static_cast<std::size_t>(job.number)];
  }
  if (trial.candidate.duplicate_of) {
    copy_original(job);
    return;
  }
  const auto begin = std::chrono::steady_clock::now();
  std::optional<EvaluationResult> result = evaluate_candidate(job, trial);
  if (!result) {
    study_.requeue_trial(job.number);
    return;
  }
  result->outcome.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  finish(job.number, std::move(*result));
  remove_checkpoints(job.number);
}

void SearchLoop::remove_checkpoints(std::int64_t number) const {
  for (std::int64_t seed = 0; seed < plan_.config.repeat.seeds; ++seed) {
    evaluator_.remove_checkpoint(seed_folder(trial_folder(number), seed));
  }
}

space::Scores SearchLoop::scores_before_training(const Trial& trial) {
  space::Scores scores = analytic_scores(plan_.config, trial.candidate.architecture);
  const Json stored = study_.trial_attribute(trial.number, kMeasured);
  std::optional<space::Score> latency;
  if (!stored.is_null()) {
    latency = space::score_from_json(stored);
  } else {
    latency = evaluator_.measure_latency(trial.candidate.architecture);
    if (latency)
      study_.set_trial_attribute(trial.number, kMeasured, space::score_to_json(*latency));
  }
  if (latency) scores.push_back(*latency);
  return scores;
}

std::optional<EvaluationResult> SearchLoop::evaluate_candidate(const Job& job, const Trial& trial) {
  EvaluationResult early;
  const store::Attempt attempt = study_.attempt(job.number);
  if (attempt.without_progress > plan_.config.budget.max_attempts) {
    early.outcome.state = TrialState::kFail;
    early.outcome.reason = "killed";
    early.outcome.detail = "died " + std::to_string(attempt.without_progress) +
                           " times in a row without passing its last checkpoint";
    return early;
  }
  const space::Scores scores = scores_before_training(trial);
  if (std::string broken = broken_constraint(plan_.config, scores); !broken.empty()) {
    early.outcome.state = TrialState::kPruned;
    early.outcome.reason = "constraint";
    early.outcome.detail = std::move(broken);
    early.outcome.scores = scores;
    return early;
  }
  std::optional<EvaluationResult> result = train(job, trial);
  if (!result) return result;
  Outcome& outcome = result->outcome;
  outcome.scores.insert(outcome.scores.begin(), scores.begin(), scores.end());
  apply_objectives(plan_.config, outcome.scores, outcome);
  const std::vector<double> constraints =
      constraint_values(plan_.config, trial.candidate.architecture, outcome.scores);
  // COMPLETE means feasible: best and Pareto-optimal trials are sought among them.
  if (outcome.state == TrialState::kComplete &&
      std::any_of(constraints.begin(), constraints.end(), [](double v) { return !(v <= 0); })) {
    outcome.state = TrialState::kPruned;
    outcome.reason = "constraint";
    outcome.detail = "what a constraint bounds was not measured";
    outcome.further_values.clear();
  }
  return result;
}

std::optional<EvaluationResult> SearchLoop::train(const Job& job, const Trial& trial) {
  TrialEvents events(plan_, study_.folder(), trial);
  SeedsRequest request;
  EvaluationRequest& evaluation = request.evaluation;
  evaluation.architecture = &trial.candidate.architecture;
  evaluation.folder = trial_folder(job.number);
  evaluation.hurdle_bars = job.bars;
  evaluation.on_scalar = events.listener();
  evaluation.on_value = [&](std::int64_t step, double value) {
    study_.report(job.number, step, value);
  };
  evaluation.on_step = [&](std::int64_t step) {
    if (options_.observer) options_.observer->on_step(job.number, step);
  };
  evaluation.should_stop = [this] {
    const std::scoped_lock lock(mutex_);
    return stop_requested();
  };
  request.seeds = plan_.config.repeat.seeds;
  request.steps = evaluator_.total_steps(trial.candidate.architecture);
  request.done = finished_trainings(trial);
  Json hashes = Json::array();
  for (const EvaluationResult& done : request.done) {
    hashes.push_back(done.extra->value("weights_hash", Json()));
  }
  request.on_trained = [&](std::uint32_t repeat, const EvaluationResult& result) {
    hashes.push_back(result.extra->value("weights_hash", Json()));
    study_.set_trial_attribute(job.number, kWeightsHashes, hashes);
    study_.record_repeat({kSearchRole, trial.candidate.hash.hex(), repeat, result.outcome});
  };
  make_folders(evaluation.folder);
  std::optional<EvaluationResult> result = evaluate_seeds(evaluator_, request);
  if (result) events.finish(result->outcome.state);
  return result;
}

std::vector<EvaluationResult> SearchLoop::finished_trainings(const Trial& trial) const {
  std::vector<EvaluationResult> results;
  if (plan_.config.repeat.seeds == 1) return results;
  const Json hashes = study_.trial_attribute(trial.number, kWeightsHashes);
  if (hashes.is_null()) return results;  // written before the first of them
  for (const store::RepeatRun& run : study_.repeats()) {
    if (run.role != kSearchRole || run.hash != trial.candidate.hash.hex()) continue;
    EvaluationResult& result = results.emplace_back();
    result.outcome = run.outcome;
    const Json& hash = hashes.at(results.size() - 1);
    if (!hash.is_null()) (*result.extra)["weights_hash"] = hash;
  }
  return results;
}

std::int64_t SearchLoop::progress_of(const Trial& trial) const {
  const auto done = static_cast<std::int64_t>(finished_trainings(trial).size());
  return done * evaluator_.total_steps(trial.candidate.architecture) +
         evaluator_.checkpoint_step(seed_folder(trial_folder(trial.number), done));
}

void SearchLoop::copy_original(const Job& job) {
  EvaluationResult result;
  {
    std::unique_lock lock(mutex_);
    const auto original = static_cast<std::size_t>(
        *trials_[static_cast<std::size_t>(job.number)].candidate.duplicate_of);
    while (!is_finished(trials_[original].outcome.state)) {
      if (stop_requested()) {
        study_.requeue_trial(job.number);
        return;
      }
      changed_.wait_for(lock, std::chrono::milliseconds(100));
    }
    result.outcome = trials_[original].outcome;
    result.outcome.seconds = 0;
    for (const char* key : {"weights_hash", kWeightsHashes}) {
      const Json hash = study_.trial_attribute(static_cast<std::int64_t>(original), key);
      if (!hash.is_null()) (*result.extra)[key] = hash;
    }
  }
  finish(job.number, std::move(result));
}

}  // namespace nas::run
