#include "nas/run/hurdles.hpp"

#include <algorithm>

namespace nas::run {
namespace {

void find_hurdles(space::Outcome& outcome, const std::vector<std::int64_t>& hurdle_steps) {
  for (const std::int64_t step : hurdle_steps) {
    const bool is_met = std::any_of(outcome.intermediate.begin(), outcome.intermediate.end(),
                                    [&](const auto& entry) { return entry.first == step; });
    if (!is_met) return;
    outcome.hurdles.push_back(step);
  }
}

}  // namespace

std::vector<space::Trial> trials_with_hurdles(const Plan& plan, const store::Study& study) {
  std::vector<space::Trial> trials = study.trials();
  const config::TrainingConfig& training = plan.config.training;
  const std::optional<std::int64_t> steps = config::fixed_steps(training);
  if (!steps || training.hurdles.count == 0) return trials;
  const std::vector<std::int64_t> hurdle_steps =
      search::hurdle_steps(*steps, training.hurdles.count);
  for (space::Trial& trial : trials) {
    if (trial.outcome.hurdles.empty()) find_hurdles(trial.outcome, hurdle_steps);
  }
  return trials;
}

std::vector<double> bars_for(const Plan& plan, const search::History& history) {
  const config::HurdlesConfig& hurdles = plan.config.training.hurdles;
  // What hurdles compare is a loss, whatever the study searches for.
  return search::hurdle_bars(history, hurdles.count, hurdles.minimum, false);
}

}  // namespace nas::run
