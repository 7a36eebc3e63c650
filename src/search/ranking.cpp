#include "nas/search/ranking.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "nas/search/searcher.hpp"

namespace nas::search {
namespace {

double loss_of(double value, bool maximize) {
  if (std::isnan(value)) return std::numeric_limits<double>::infinity();
  return maximize ? -value : value;
}

}  // namespace

Point losses_of(const space::Trial& trial, std::span<const space::Objective> objectives) {
  Point losses{loss_of(trial.outcome.value, objectives.front().maximize)};
  for (std::size_t i = 1; i < objectives.size(); ++i) {
    losses.push_back(loss_of(trial.outcome.further_values[i - 1], objectives[i].maximize));
  }
  return losses;
}

Ranking::Ranking(std::vector<const space::Trial*> trials,
                 std::span<const space::Objective> objectives)
    : trials_(std::move(trials)),
      maximize_(objectives.front().maximize),
      has_several_(objectives.size() > 1) {
  if (!has_several_) return;
  std::vector<std::size_t> places;
  std::vector<Point> points;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (trials_[i]->outcome.state != space::TrialState::kComplete) continue;
    places.push_back(i);
    points.push_back(losses_of(*trials_[i], objectives));
  }
  const std::vector<std::size_t> numbers = front_numbers(points);
  fronts_.resize(trials_.size());
  crowding_.resize(trials_.size());
  for (std::size_t number = 0, left = points.size(); left > 0; ++number) {
    std::vector<std::size_t> members;
    std::vector<Point> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (numbers[i] != number) continue;
      members.push_back(places[i]);
      front.push_back(points[i]);
    }
    const std::vector<double> distances = crowding_distances(front);
    for (std::size_t i = 0; i < members.size(); ++i) {
      fronts_[members[i]] = number;
      crowding_[members[i]] = distances[i];
    }
    left -= members.size();
  }
}

bool Ranking::better(std::size_t first, std::size_t second) const {
  const auto is_complete = [&](std::size_t place) {
    return trials_[place]->outcome.state == space::TrialState::kComplete;
  };
  if (!is_complete(first) || !is_complete(second)) {
    // Trials without a value are compared by what they reached at hurdles, where less is better.
    return search::better(*trials_[first], *trials_[second], false);
  }
  if (!has_several_) return search::better(*trials_[first], *trials_[second], maximize_);
  if (fronts_[first] != fronts_[second]) return fronts_[first] < fronts_[second];
  return crowding_[first] > crowding_[second];
}

std::vector<std::size_t> Ranking::best() const {
  std::vector<std::size_t> places;
  for (std::size_t i = 0; has_several_ && i < trials_.size(); ++i) {
    const bool is_complete = trials_[i]->outcome.state == space::TrialState::kComplete;
    if (is_complete && fronts_[i] == 0) places.push_back(i);
  }
  if (!places.empty()) return places;
  for (std::size_t i = 0; i < trials_.size(); ++i) {
    if (!places.empty() && better(i, places.front())) places.clear();
    if (places.empty() || !better(places.front(), i)) places.push_back(i);
  }
  return places;
}

}  // namespace nas::search
