#include <algorithm>
#include <cmath>

#include "nas/search/searcher.hpp"

namespace nas::search {
namespace {

using space::Trial;
using space::TrialState;

/// 0 best. Running trials are never compared, but rank last if they are.
int rank(const Trial& trial) {
  switch (trial.outcome.state) {
    case TrialState::kComplete:
      return std::isnan(trial.outcome.value) ? 2 : 0;
    case TrialState::kPruned:
      return 1;
    default:
      return 2;
  }
}

bool value_better(double first, double second, bool maximize) {
  if (std::isnan(first) || std::isnan(second)) return std::isnan(second) && !std::isnan(first);
  return maximize ? first > second : first < second;
}

}  // namespace

bool better(const Trial& first, const Trial& second, bool maximize) {
  const int first_rank = rank(first);
  const int second_rank = rank(second);
  if (first_rank != second_rank) return first_rank < second_rank;
  if (first_rank == 0) {
    return value_better(first.outcome.value, second.outcome.value, maximize);
  }
  if (first_rank == 1) {
    const auto& a = first.outcome.intermediate;
    const auto& b = second.outcome.intermediate;
    // A trial pruned by a measured constraint may have trained nothing: it comes last here.
    if (a.empty() || b.empty()) return !a.empty() && b.empty();
    if (a.back().first != b.back().first) return a.back().first > b.back().first;
    return value_better(a.back().second, b.back().second, maximize);
  }
  return false;
}

std::vector<double> hurdle_bars(const History& history, std::span<const std::int64_t> hurdle_steps,
                                std::int64_t minimum, bool maximize) {
  std::vector<double> bars(hurdle_steps.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<double> reached;
  for (std::size_t hurdle = 0; hurdle < hurdle_steps.size(); ++hurdle) {
    reached.clear();
    for (const Trial& trial : history.trials.first(history.visible)) {
      for (const auto& [step, value] : trial.outcome.intermediate) {
        if (step == hurdle_steps[hurdle] && !std::isnan(value)) reached.push_back(value);
      }
    }
    if (reached.empty() || static_cast<std::int64_t>(reached.size()) < minimum) continue;
    std::sort(reached.begin(), reached.end());
    // Of an even number the lenient middle one, so that half of them would pass, not fewer.
    const std::size_t middle = maximize ? (reached.size() - 1) / 2 : reached.size() / 2;
    bars[hurdle] = reached[middle];
  }
  return bars;
}

std::vector<std::int64_t> hurdle_steps(std::int64_t total_steps, std::int64_t hurdles) {
  std::vector<std::int64_t> steps;
  const double band =
      static_cast<double>(total_steps) / (std::ldexp(1.0, static_cast<int>(hurdles) + 1) - 1.0);
  for (int k = 1; k <= hurdles; ++k) {
    const auto step = static_cast<std::int64_t>(std::llround(band * (std::ldexp(1.0, k) - 1.0)));
    if (step >= 1 && step < total_steps && (steps.empty() || step > steps.back())) {
      steps.push_back(step);
    }
  }
  return steps;
}

}  // namespace nas::search
