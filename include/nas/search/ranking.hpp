#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "nas/search/pareto.hpp"
#include "nas/space/trial.hpp"

namespace nas::search {

/// The values of a COMPLETE trial with signs turned so that less is better; NaN becomes infinite.
[[nodiscard]] Point losses_of(const space::Trial& trial,
                              std::span<const space::Objective> objectives);

/// The order of some trials by what their study searches for. One objective: as `better` says.
/// Several: COMPLETE trials first, by the number of their front among the COMPLETE ones, then by
/// crowding distance within the front, the lonelier first (Deb et al. 2002, NSGA-II's crowded
/// comparison); the others as `better` says. Trials that compare equal are the caller's to part.
class Ranking {
 public:
  /// The trials must outlive the ranking.
  Ranking(std::vector<const space::Trial*> trials, std::span<const space::Objective> objectives);

  /// Whether the trial at place `first` comes before the one at `second`.
  [[nodiscard]] bool better(std::size_t first, std::size_t second) const;
  /// Places that no other place is better than by domination: the front, or with one objective all
  /// that share the best value. When none is COMPLETE, those that come first. Ascending.
  [[nodiscard]] std::vector<std::size_t> best() const;

 private:
  std::vector<const space::Trial*> trials_;
  bool maximize_ = false;
  bool has_several_ = false;
  std::vector<std::size_t> fronts_;  ///< by place; COMPLETE trials of several objectives only
  std::vector<double> crowding_;
};

}  // namespace nas::search
