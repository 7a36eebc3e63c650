#include <algorithm>
#include <cmath>
#include <limits>

#include "nas/search/searcher.hpp"

namespace nas::search {
namespace {

double bands(std::int64_t hurdles) { return std::ldexp(1.0, static_cast<int>(hurdles) + 1) - 1.0; }

/// Bands of the first one's length that lie before hurdle k, from 1.
double bands_before(int k) { return std::ldexp(1.0, k) - 1.0; }

/// The objective at the hurdle of this place, from 0; NaN when the trial did not meet it.
double value_at_hurdle(const space::Outcome& outcome, std::size_t hurdle) {
  if (hurdle < outcome.hurdles.size() && outcome.hurdles[hurdle] > 0) {
    for (const auto& [step, value] : outcome.intermediate) {
      if (step == outcome.hurdles[hurdle]) return value;
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<double> hurdle_bars(const History& history, std::int64_t hurdles, std::int64_t minimum,
                                bool maximize) {
  std::vector<double> bars(static_cast<std::size_t>(hurdles),
                           std::numeric_limits<double>::quiet_NaN());
  std::vector<double> reached;
  for (std::size_t hurdle = 0; hurdle < bars.size(); ++hurdle) {
    reached.clear();
    for (const space::Trial& trial : history.trials.first(history.visible)) {
      const double value = value_at_hurdle(trial.outcome, hurdle);
      if (!std::isnan(value)) reached.push_back(value);
    }
    if (reached.empty() || static_cast<std::int64_t>(reached.size()) < minimum) continue;
    std::sort(reached.begin(), reached.end());
    // Of an even number the lenient middle one, so that half of them would pass, not fewer.
    const std::size_t middle = maximize ? (reached.size() - 1) / 2 : reached.size() / 2;
    bars[hurdle] = reached[middle];
  }
  return bars;
}

std::vector<double> hurdle_shares(std::int64_t hurdles) {
  std::vector<double> shares;
  for (int k = 1; k <= hurdles; ++k) shares.push_back(bands_before(k) / bands(hurdles));
  return shares;
}

std::vector<std::int64_t> hurdle_steps(std::int64_t total_steps, std::int64_t hurdles) {
  std::vector<std::int64_t> steps;
  const double band = static_cast<double>(total_steps) / bands(hurdles);
  std::int64_t last = 0;
  for (int k = 1; k <= hurdles; ++k) {
    const auto step = static_cast<std::int64_t>(std::llround(band * bands_before(k)));
    const bool stands = step > last && step < total_steps;
    steps.push_back(stands ? step : 0);
    if (stands) last = step;
  }
  return steps;
}

}  // namespace nas::search
