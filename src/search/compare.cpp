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
    const std::size_t hurdles = first.outcome.hurdles.size();
    if (hurdles != second.outcome.hurdles.size()) return hurdles > second.outcome.hurdles.size();
    if (hurdles == 0 && a.back().first != b.back().first) return a.back().first > b.back().first;
    return value_better(a.back().second, b.back().second, maximize);
  }
  return false;
}

}  // namespace nas::search
