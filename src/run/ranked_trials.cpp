#include <algorithm>

#include "nas/run/search_run.hpp"
#include "nas/search/pareto.hpp"
#include "nas/search/ranking.hpp"

namespace nas::run {

using space::Trial;

std::vector<const Trial*> ranked_trials(const std::vector<Trial>& trials,
                                        const std::vector<space::Objective>& objectives) {
  std::vector<const Trial*> complete;
  std::vector<search::Point> losses;
  for (const Trial& trial : trials) {
    if (trial.outcome.state != space::TrialState::kComplete || trial.candidate.duplicate_of) {
      continue;
    }
    complete.push_back(&trial);
    losses.push_back(search::losses_of(trial, objectives));
  }
  const std::vector<std::size_t> fronts = objectives.size() > 1
                                              ? search::front_numbers(losses)
                                              : std::vector<std::size_t>(losses.size());
  std::vector<std::size_t> order(complete.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return fronts[a] != fronts[b] ? fronts[a] < fronts[b] : losses[a][0] < losses[b][0];
  });
  std::vector<const Trial*> ranked;
  ranked.reserve(order.size());
  for (const std::size_t place : order) ranked.push_back(complete[place]);
  return ranked;
}

const Trial* best_trial(const std::vector<Trial>& trials,
                        const std::vector<space::Objective>& objectives) {
  const auto ranked = ranked_trials(trials, objectives);
  return ranked.empty() ? nullptr : ranked.front();
}

}  // namespace nas::run
