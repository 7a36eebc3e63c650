#include <bit>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/units.hpp"
#include "nas/run/search_run.hpp"

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
  return "";
}

}  // namespace

Replay replay_trial(const Plan& plan, const Evaluator& evaluator, const store::Study& study,
                    std::int64_t number, bool keep) {
  const std::vector<Trial> trials = study.trials();
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
  const std::int64_t visible =
      std::max<std::int64_t>(0, number - plan.config.search.parallelism + 1);
  EvaluationRequest request;
  request.architecture = &trial.candidate.architecture;
  if (keep) request.folder = study.folder() + "/trials/" + std::to_string(number);
  request.hurdle_steps = plan.hurdle_steps;
  request.hurdle_bars =
      search::hurdle_bars({std::span(trials).first(static_cast<std::size_t>(number)),
                           static_cast<std::size_t>(visible)},
                          plan.hurdle_steps, plan.config.training.hurdles.minimum, plan.maximize);
  request.on_value = [](std::int64_t, double) {};
  request.on_step = [](std::int64_t) {};
  request.should_stop = [] { return interrupted(); };
  const std::optional<EvaluationResult> again = evaluator.evaluate(request);
  if (!again) return {false, "interrupted"};
  Replay replay;
  replay.difference = first_difference(trial.outcome, again->outcome);
  if (replay.difference.empty()) {
    const Json stored = study.trial_attribute(number, "weights_hash");
    const Json now = again->extra->value("weights_hash", Json());
    if (stored != now)
      replay.difference = "weights: stored " + stored.dump() + ", again " + now.dump();
  }
  replay.identical = replay.difference.empty();
  return replay;
}

}  // namespace nas::run
