#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/run/search_run.hpp"
#include "nas/run/verification.hpp"

namespace nas::run {
namespace {

/// How far a trial is beyond its measured constraint, over the bound; infinite where the metric was
/// not measured.
double excess(const config::RunConfig& config, const space::Trial& trial) {
  double largest = 0;
  for (const config::ConstraintConfig& constraint : config.constraints) {
    double value = std::numeric_limits<double>::infinity();
    for (const space::Score& score : trial.outcome.scores) {
      if (score.name == constraint.metric || score.name.starts_with(constraint.metric + "[")) {
        value = score.value;
      }
    }
    const double above = constraint.max ? (value - *constraint.max) / std::abs(*constraint.max) : 0;
    const double below = constraint.min ? (*constraint.min - value) / std::abs(*constraint.min) : 0;
    largest = std::max({largest, above, below});
  }
  return largest;
}

[[noreturn]] void throw_nothing_completed(const Plan& plan,
                                          const std::vector<space::Trial>& trials) {
  if (trials.empty()) {
    throw Error(ErrorKind::kInfeasible,
                "no architecture of the space satisfies the constraints: there was nothing to try");
  }
  const space::Trial* nearest = &trials.front();
  for (const space::Trial& trial : trials) {
    if (trial.outcome.reason != "constraint") {
      throw Error(ErrorKind::kFailures,
                  "no trial was completed: every candidate was pruned or failed. See `nas trials`");
    }
    if (excess(plan.config, trial) < excess(plan.config, *nearest)) nearest = &trial;
  }
  throw Error(ErrorKind::kInfeasible,
              "none of " + std::to_string(trials.size()) +
                  " trials satisfies the constraints; the nearest is trial " +
                  std::to_string(nearest->number) + ": " + nearest->outcome.detail);
}

}  // namespace

RunEnd run_search(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                  const RunOptions& options) {
  SearchLoop loop(plan, evaluator, study, options);
  if (const RunEnd end = loop.run(); end != RunEnd::kFinished) return end;
  const std::vector<space::Trial> trials = study.trials();
  if (best_trial(trials, plan.objectives) == nullptr) {
    throw_nothing_completed(plan, trials);
  }
  if (static_cast<std::int64_t>(trials.size()) < plan.config.budget.trials) {
    log_info("all there is to search was tried in " + std::to_string(trials.size()) + " trials");
  }
  const RunEnd end = run_verification(plan, evaluator, study, options);
  if (end == RunEnd::kFinished) study.set_attribute("finished", plan.config.budget.trials);
  return end;
}

}  // namespace nas::run
