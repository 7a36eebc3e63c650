#include "nas/search/pareto.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"

namespace nas::search {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Points with few different coordinates, so that ties and equal points come up.
std::vector<Point> random_points(std::uint64_t seed, std::size_t count, std::size_t objectives,
                                 std::uint32_t values) {
  DrawCursor cursor({seed, Purpose::kTest, 0, 0});
  std::vector<Point> points(count, Point(objectives));
  for (Point& point : points) {
    for (double& value : point) value = cursor.below(values);
  }
  return points;
}

/// By definition: removes the points that none of the rest dominates, front after front.
std::vector<std::size_t> peeled_fronts(const std::vector<Point>& points) {
  std::vector<std::size_t> numbers(points.size(), points.size());
  for (std::size_t number = 0;; ++number) {
    std::vector<std::size_t> front;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (numbers[i] != points.size()) continue;
      bool is_dominated = false;
      for (std::size_t k = 0; k < points.size(); ++k) {
        if (numbers[k] != points.size()) continue;
        bool nowhere_worse = true;
        for (std::size_t d = 0; d < points[i].size(); ++d) {
          nowhere_worse = nowhere_worse && points[k][d] <= points[i][d];
        }
        is_dominated = is_dominated || (nowhere_worse && points[k] != points[i]);
      }
      if (!is_dominated) front.push_back(i);
    }
    if (front.empty()) return numbers;
    for (const std::size_t i : front) numbers[i] = number;
  }
}

/// Unit cells of the grid below `reference` that a point with whole coordinates dominates.
double counted_cells(const std::vector<Point>& points, const Point& reference) {
  double cells = 0;
  Point corner(reference.size());
  const auto is_covered = [&] {
    return std::any_of(points.begin(), points.end(), [&](const Point& point) {
      return std::equal(point.begin(), point.end(), corner.begin(), std::less_equal<>());
    });
  };
  for (;;) {
    if (is_covered()) cells += 1;
    std::size_t d = 0;
    while (d < corner.size() && ++corner[d] == reference[d]) corner[d++] = 0;
    if (d == corner.size()) return cells;
  }
}

TEST(Dominates, NeedsABetterValueAndNoWorseOne) {
  EXPECT_TRUE(dominates(Point{1, 2}, Point{1, 3}));
  EXPECT_FALSE(dominates(Point{1, 3}, Point{1, 3}));
  EXPECT_FALSE(dominates(Point{0, 4}, Point{1, 3}));
  EXPECT_TRUE(dominates(Point{0, -kInfinity}, Point{0, 1}));
}

TEST(Fronts, AreThoseOfTheDefinition) {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const std::size_t objectives = 1 + seed % 4;
    const std::vector<Point> points = random_points(seed, 3 + seed, objectives, 6);
    const std::vector<std::size_t> expected = peeled_fronts(points);
    EXPECT_EQ(front_numbers(points), expected) << "seed " << seed;
    std::vector<std::size_t> first;
    for (std::size_t i = 0; i < points.size(); ++i) {
      if (expected[i] == 0) first.push_back(i);
    }
    EXPECT_EQ(pareto_front(points), first) << "seed " << seed;
  }
  EXPECT_TRUE(front_numbers({}).empty());
}

TEST(Crowding, OfAHandWorkedFront) {
  // Ranges 4 and 8; the second point's neighbours are 3 and 6 apart, the third's 3 and 4.
  const std::vector<Point> front{{0, 8}, {1, 4}, {3, 2}, {4, 0}};
  const std::vector<double> distances = crowding_distances(front);
  EXPECT_EQ(distances[0], kInfinity);
  EXPECT_EQ(distances[1], 3.0 / 4 + 6.0 / 8);
  EXPECT_EQ(distances[2], 3.0 / 4 + 4.0 / 8);
  EXPECT_EQ(distances[3], kInfinity);
}

TEST(Crowding, DoesNotDependOnTheOrderOfThePoints) {
  std::vector<Point> front{{0, 9}, {0, 9}, {2, 6}, {2, 5}, {2, 6}, {3, 4}, {7, 1}};
  std::vector<double> distances = crowding_distances(front);
  std::reverse(front.begin(), front.end());
  std::vector<double> again = crowding_distances(front);
  std::reverse(again.begin(), again.end());
  EXPECT_EQ(distances, again);
}

TEST(Crowding, IgnoresWhatHasNoRange) {
  EXPECT_EQ(crowding_distances(std::vector<Point>{{1, 1}, {1, 1}}), (std::vector<double>{0, 0}));
  const std::vector<Point> front{{0, 2, kInfinity}, {1, 1, 0}, {2, 0, 1}};
  EXPECT_EQ(crowding_distances(front)[1], 2.0);
  EXPECT_TRUE(crowding_distances({}).empty());
}

TEST(Hypervolume, IsTheNumberOfCoveredCells) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const std::size_t objectives = 2 + seed % 2;
    const std::vector<Point> points = random_points(seed, 1 + seed % 12, objectives, 9);
    const Point reference(objectives, 7);
    EXPECT_EQ(hypervolume(points, reference), counted_cells(points, reference)) << "seed " << seed;
  }
  EXPECT_EQ(hypervolume({}, Point{1, 1}), 0.0);
}

TEST(Hypervolume, RefusesOtherNumbersOfObjectives) {
  EXPECT_THROW(static_cast<void>(hypervolume({}, Point{1})), Error);
  EXPECT_THROW(static_cast<void>(hypervolume({}, Point{1, 1, 1, 1})), Error);
}

}  // namespace
}  // namespace nas::search
