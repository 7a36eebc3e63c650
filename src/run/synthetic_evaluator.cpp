#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <thread>

#include "evaluators.hpp"
#include "nas/config/fields.hpp"
#include "nas/core/crash_point.hpp"
#include "nas/core/files.hpp"
#include "nas/search/synthetic.hpp"

namespace nas::run {
namespace {

void describe(config::Fields& fields, search::SyntheticObjective::Options& options) {
  fields.real("noise", options.noise, {0, 10}, "standard deviation of keyed noise on the value");
  fields.real("fail_share", options.fail_share, {0, 1}, "share of architectures that end FAIL nan");
  fields.integer("step_microseconds", options.step_microseconds, {0, 10'000'000},
                 "time that one step takes, to imitate training");
}

/// The closed-form objective played like a training: steps, evaluations at hurdles and every
/// eval_every steps, checkpoints.
class SyntheticEvaluator final : public Evaluator {
 public:
  SyntheticEvaluator(const config::RunConfig& config, const search::SyntheticObjective::Options& o)
      : config_(config), objective_(config.seed, o) {}

  std::optional<EvaluationResult> evaluate(const EvaluationRequest& request) const override;

  std::optional<space::Score> measure_latency(const space::Architecture&) const override {
    return std::nullopt;
  }

  std::int64_t checkpoint_step(const std::string& folder) const override;
  Json environment() const override { return {{"evaluator", "synthetic"}}; }
  std::int64_t total_steps() const override { return config_.training.steps; }

 private:
  /// Whether a value is due after this step, and the bar it must reach (NaN: none).
  bool value_due(const EvaluationRequest& request, std::int64_t step, double& bar) const;

  config::RunConfig config_;
  search::SyntheticObjective objective_;
};

std::string checkpoint_path(const std::string& folder) { return folder + "/checkpoint.json"; }

bool SyntheticEvaluator::value_due(const EvaluationRequest& request, std::int64_t step,
                                   double& bar) const {
  bar = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t i = 0; i < request.hurdle_steps.size(); ++i) {
    if (request.hurdle_steps[i] != step) continue;
    if (i < request.hurdle_bars.size()) bar = request.hurdle_bars[i];
    return true;
  }
  const std::int64_t every = config_.training.eval_every;
  return every > 0 && step % every == 0 && step < config_.training.steps;
}

std::optional<EvaluationResult> SyntheticEvaluator::evaluate(
    const EvaluationRequest& request) const {
  EvaluationResult result;
  space::Outcome& outcome = result.outcome;
  const config::TrainingConfig& training = config_.training;
  crash_point("build");
  const std::int64_t resumed = request.folder.empty() ? 0 : checkpoint_step(request.folder);
  const auto value_at = [&](std::int64_t step) {
    return objective_.value(*request.architecture, step, training.steps, request.repeat);
  };
  for (std::int64_t step = 1; step <= training.steps; ++step) {
    double bar = 0;
    const bool due = value_due(request, step, bar);
    if (due) outcome.intermediate.emplace_back(step, value_at(step));
    if (step <= resumed) continue;
    crash_point("train");
    if (objective_.options().step_microseconds > 0) {
      std::this_thread::sleep_for(
          std::chrono::microseconds(objective_.options().step_microseconds));
    }
    if (due) crash_point("evaluate");
    if (due) request.on_value(step, value_at(step));
    if (!std::isnan(bar) && value_at(step) > bar) {
      outcome.state = space::TrialState::kPruned;
      outcome.reason = "hurdle";
      outcome.detail = "value above the bar at step " + std::to_string(step);
      return result;
    }
    const bool save = training.checkpoint_every > 0 && step % training.checkpoint_every == 0;
    const bool stop = step < training.steps && request.should_stop();
    if (!request.folder.empty() && step < training.steps && (save || stop)) {
      write_file_atomically(checkpoint_path(request.folder), Json({{"step", step}}).dump());
    }
    if (stop) return std::nullopt;
    request.on_step(step);
  }
  if (objective_.fails(*request.architecture)) {
    outcome.state = space::TrialState::kFail;
    outcome.reason = "nan";
    outcome.detail = "the synthetic objective lets this architecture fail";
    return result;
  }
  outcome.state = space::TrialState::kComplete;
  outcome.value = value_at(training.steps);
  (*result.extra)["weights_hash"] = hash_of(*request.architecture).hex();
  return result;
}

std::int64_t SyntheticEvaluator::checkpoint_step(const std::string& folder) const {
  const std::string path = checkpoint_path(folder);
  if (!std::filesystem::exists(path)) return 0;
  return parse_stored_json(read_file(path), path).at("step").get<std::int64_t>();
}

}  // namespace

EvaluatorFactory synthetic_evaluator_factory() {
  EvaluatorFactory factory;
  factory.help = "a closed-form objective over programs with a known optimum, in microseconds";
  factory.make = [](const config::RunConfig& config) -> std::shared_ptr<const Evaluator> {
    search::SyntheticObjective::Options options;
    config::read_fields(config.synthetic, JsonPositions("synthetic"), "/synthetic",
                        [&](config::Fields& fields) { describe(fields, options); });
    return std::make_shared<SyntheticEvaluator>(config, options);
  };
  return factory;
}

}  // namespace nas::run
