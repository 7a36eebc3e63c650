#include "nas/search/pareto.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "nas/core/error.hpp"

namespace nas::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Adds one objective's part to the crowding distances.
void add_crowding(std::span<const Point> front, std::size_t objective,
                  std::vector<double>& distances) {
  std::vector<double> values;
  for (const Point& point : front) values.push_back(point[objective]);
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  const double range = values.back() - values.front();
  if (!(range > 0) || !std::isfinite(range)) return;
  for (std::size_t i = 0; i < front.size(); ++i) {
    const auto at = std::lower_bound(values.begin(), values.end(), front[i][objective]);
    const bool is_extreme = at == values.begin() || at + 1 == values.end();
    const double width = is_extreme ? kInfinity : *(at + 1) - *(at - 1);
    distances[i] += width / range;
  }
}

/// Area under `reference` that the points, in any order, dominate in their first two objectives.
double area(std::vector<Point> points, const Point& reference) {
  std::sort(points.begin(), points.end());
  double sum = 0;
  double lowest = reference[1];
  for (const Point& point : points) {
    if (point[1] >= lowest) continue;
    sum += (reference[0] - point[0]) * (lowest - point[1]);
    lowest = point[1];
  }
  return sum;
}

/// Slices of constant area along the third objective.
double volume(std::vector<Point> points, const Point& reference) {
  std::sort(points.begin(), points.end(),
            [](const Point& a, const Point& b) { return a[2] < b[2]; });
  double sum = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double top = i + 1 < points.size() ? points[i + 1][2] : reference[2];
    if (top == points[i][2]) continue;
    const std::vector<Point> below(points.begin(),
                                   points.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    sum += area(below, reference) * (top - points[i][2]);
  }
  return sum;
}

}  // namespace

bool dominates(std::span<const double> first, std::span<const double> second) {
  bool is_better = false;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (first[i] > second[i]) return false;
    is_better |= first[i] < second[i];
  }
  return is_better;
}

std::vector<std::size_t> pareto_front(std::span<const Point> points) {
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const bool is_dominated = std::any_of(points.begin(), points.end(), [&](const Point& other) {
      return dominates(other, points[i]);
    });
    if (!is_dominated) front.push_back(i);
  }
  return front;
}

std::vector<std::size_t> front_numbers(std::span<const Point> points) {
  const std::size_t count = points.size();
  std::vector<std::vector<std::size_t>> dominated(count);  // by each point
  std::vector<std::size_t> dominators(count);              // not yet in a front
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t k = 0; k < count; ++k) {
      if (!dominates(points[i], points[k])) continue;
      dominated[i].push_back(k);
      ++dominators[k];
    }
  }
  std::vector<std::size_t> numbers(count);
  std::vector<std::size_t> front;
  for (std::size_t i = 0; i < count; ++i) {
    if (dominators[i] == 0) front.push_back(i);
  }
  for (std::size_t number = 0; !front.empty(); ++number) {
    std::vector<std::size_t> next;
    for (const std::size_t i : front) {
      numbers[i] = number;
      for (const std::size_t k : dominated[i]) {
        if (--dominators[k] == 0) next.push_back(k);
      }
    }
    front = std::move(next);
  }
  return numbers;
}

std::vector<double> crowding_distances(std::span<const Point> front) {
  std::vector<double> distances(front.size());
  const std::size_t objectives = front.empty() ? 0 : front[0].size();
  for (std::size_t i = 0; i < objectives; ++i) add_crowding(front, i, distances);
  return distances;
}

double hypervolume(std::span<const Point> points, const Point& reference) {
  if (reference.size() != 2 && reference.size() != 3) {
    throw Error(ErrorKind::kUsage, "the hypervolume of " + std::to_string(reference.size()) +
                                       " objectives: must be of two or three");
  }
  std::vector<Point> inside;
  for (const Point& point : points) {
    bool is_better = true;
    for (std::size_t i = 0; i < reference.size(); ++i) is_better &= point[i] < reference[i];
    if (is_better) inside.push_back(point);
  }
  return reference.size() == 2 ? area(std::move(inside), reference)
                               : volume(std::move(inside), reference);
}

}  // namespace nas::search
