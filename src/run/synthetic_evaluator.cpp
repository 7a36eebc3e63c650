#include <algorithm>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "evaluators.hpp"
#include "nas/config/fields.hpp"
#include "nas/core/crash_point.hpp"
#include "nas/core/files.hpp"
#include "nas/search/searcher.hpp"
#include "nas/search/synthetic.hpp"
#include "nas/search/training_steps.hpp"

namespace nas::run {
namespace {

struct SyntheticOptions : search::SyntheticObjective::Options {};

void describe(config::Fields& fields, SyntheticOptions& options) {
  fields.real("noise", options.noise, {0, 10}, "standard deviation of keyed noise on the value");
  fields.real("fail_share", options.fail_share, {0, 1}, "share of architectures that end FAIL nan");
  fields.integer("step_microseconds", options.step_microseconds, {0, 10'000'000},
                 "time that one step takes, to imitate training");
}

std::string checkpoint_path(const std::string& folder) { return folder + "/checkpoint.json"; }

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
  void remove_checkpoint(const std::string& folder) const override {
    std::error_code ignored;
    std::filesystem::remove(checkpoint_path(folder), ignored);
  }
  Json environment() const override { return {{"evaluator", "synthetic"}}; }
  std::int64_t total_steps(const space::Architecture& architecture) const override {
    return search::training_steps(config_.training, architecture);
  }

 private:
  /// Whether a value is due after this step of so many, and the place of the hurdle there.
  bool value_due(std::int64_t step, std::int64_t steps, const std::vector<std::int64_t>& hurdles,
                 std::optional<std::size_t>& hurdle) const;
  /// Writes a checkpoint where one is due; whether a stop was asked for.
  bool save_or_stop(const EvaluationRequest& request, std::int64_t step) const;

  config::RunConfig config_;
  search::SyntheticObjective objective_;
};

void meet_hurdle(space::Outcome& outcome, std::size_t hurdle, std::int64_t step) {
  outcome.hurdles.resize(hurdle, 0);
  outcome.hurdles.push_back(step);
}

bool SyntheticEvaluator::save_or_stop(const EvaluationRequest& request, std::int64_t step) const {
  const std::int64_t every = config_.training.checkpoint_every;
  const bool stop = request.should_stop();
  if (!request.folder.empty() && (stop || (every > 0 && step % every == 0))) {
    write_file_atomically(checkpoint_path(request.folder), Json({{"step", step}}).dump());
  }
  return stop;
}

bool SyntheticEvaluator::value_due(std::int64_t step, std::int64_t steps,
                                   const std::vector<std::int64_t>& hurdles,
                                   std::optional<std::size_t>& hurdle) const {
  hurdle.reset();
  const auto found = std::find(hurdles.begin(), hurdles.end(), step);
  if (found != hurdles.end()) hurdle = static_cast<std::size_t>(found - hurdles.begin());
  const std::int64_t every = config_.training.eval_every;
  return hurdle || (every > 0 && step % every == 0 && step < steps);
}

std::optional<EvaluationResult> SyntheticEvaluator::evaluate(
    const EvaluationRequest& request) const {
  EvaluationResult result;
  space::Outcome& outcome = result.outcome;
  crash_point("build");
  const std::int64_t steps = total_steps(*request.architecture);
  const std::vector<std::int64_t> hurdles =
      search::hurdle_steps(steps, static_cast<std::int64_t>(request.hurdle_bars.size()));
  const std::int64_t resumed = request.folder.empty() ? 0 : checkpoint_step(request.folder);
  const auto value_at = [&](std::int64_t step) {
    return objective_.value(*request.architecture, step, steps, request.repeat);
  };
  const auto report = [&](std::int64_t step) {
    if (request.on_scalar) request.on_scalar("val_bpb", step, value_at(step));
  };
  for (std::int64_t step = 1; step <= steps; ++step) {
    std::optional<std::size_t> hurdle;
    const bool due = value_due(step, steps, hurdles, hurdle);
    if (due) outcome.intermediate.emplace_back(step, value_at(step));
    if (hurdle) meet_hurdle(outcome, *hurdle, step);
    if (step <= resumed) continue;
    crash_point("train");
    std::this_thread::sleep_for(std::chrono::microseconds(objective_.options().step_microseconds));
    if (due) {
      crash_point("evaluate");
      report(step);
      request.on_value(step, value_at(step));
    }
    // A bar that is NaN lets everyone pass.
    if (hurdle && value_at(step) > request.hurdle_bars[*hurdle]) {
      outcome.state = space::TrialState::kPruned;
      outcome.reason = "hurdle";
      outcome.detail = "value above the bar at step " + std::to_string(step);
      return result;
    }
    if (step < steps && save_or_stop(request, step)) return std::nullopt;
    request.on_step(step);
  }
  if (objective_.fails(*request.architecture)) {
    outcome.state = space::TrialState::kFail;
    outcome.reason = "nan";
    outcome.detail = "the synthetic objective lets this architecture fail";
    return result;
  }
  outcome.state = space::TrialState::kComplete;
  outcome.value = value_at(steps);
  report(steps);
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
  factory.options = config::declare_options<SyntheticOptions>();
  factory.make = [](const config::RunConfig& config) -> std::shared_ptr<const Evaluator> {
    SyntheticOptions options;
    config::read_fields(config.synthetic, JsonPositions("synthetic"), "/synthetic",
                        [&](config::Fields& fields) { describe(fields, options); });
    return std::make_shared<SyntheticEvaluator>(config, options);
  };
  return factory;
}

}  // namespace nas::run
