#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace nas::search {

/// Values of several objectives of which less is better, without NaN. Points that are looked at
/// together have the same number of values, at least one.
using Point = std::vector<double>;

/// Whether `first` is nowhere worse than `second` and somewhere better.
[[nodiscard]] bool dominates(std::span<const double> first, std::span<const double> second);

/// Places of the points that no other dominates, ascending; equal points are there together.
[[nodiscard]] std::vector<std::size_t> pareto_front(std::span<const Point> points);

/// For each point the number of its front: 0 for the points that no other dominates, 1 for those
/// that only points of front 0 dominate, and so on.
/// Source: Deb et al. 2002 (doi 10.1109/4235.996017), fast nondominated sort.
[[nodiscard]] std::vector<std::size_t> front_numbers(std::span<const Point> points);

/// For each point of one front how lonely it is: the sum over objectives of the distance between
/// the next smaller and the next larger value, as a share of the front's range; infinite for the
/// least and the most of an objective. Objectives in which all are equal, or one is infinite, count
/// nothing.
/// Source: Deb et al. 2002 (doi 10.1109/4235.996017), crowding distance. We differ: points of equal
/// value share their neighbours, so that the order of the points does not matter.
[[nodiscard]] std::vector<double> crowding_distances(std::span<const Point> front);

/// Area (two objectives) or volume (three) of what lies between the points and `reference`, a point
/// that is worse than they; points that are not better than it in every objective count nothing.
/// Throws Error(kUsage) for other numbers of objectives.
[[nodiscard]] double hypervolume(std::span<const Point> points, const Point& reference);

}  // namespace nas::search
