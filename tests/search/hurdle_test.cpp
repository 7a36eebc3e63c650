#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::TrialState;
using testing::finished;

TEST(HurdleSteps, FollowsTheHalvingSchedule) {
  // specs B2.1: T = 25,200 and four hurdles give 812.9, 2438.7, 5690.3, 12193.5.
  EXPECT_EQ(hurdle_steps(25200, 4), (std::vector<std::int64_t>{813, 2439, 5690, 12194}));
  EXPECT_TRUE(hurdle_steps(100, 0).empty());
  EXPECT_EQ(hurdle_steps(300, 1), (std::vector<std::int64_t>{100}));
}

TEST(HurdleSteps, StrictlyIncreasingInsideTheTraining) {
  for (std::int64_t total = 1; total < 60; ++total) {
    std::int64_t before = 0;
    for (const std::int64_t step : hurdle_steps(total, 6)) {
      EXPECT_GT(step, before);
      EXPECT_LT(step, total);
      before = step;
    }
  }
}

TEST(HurdleBars, MedianOfVisibleTrialsThatReachedTheHurdle) {
  std::vector<space::Trial> trials;
  const std::vector<double> values = {5, 1, 4, 2, 3};
  for (std::size_t i = 0; i < values.size(); ++i) {
    trials.push_back(
        finished(static_cast<std::int64_t>(i), TrialState::kPruned, 0, {{10, values[i]}}));
  }
  trials[1].outcome.intermediate.emplace_back(30, 0.5);
  const std::vector<std::int64_t> steps = {10, 30};
  const std::vector<double> bars = hurdle_bars({trials, 5}, steps, 2, false);
  EXPECT_EQ(bars[0], 3.0);
  EXPECT_TRUE(std::isnan(bars[1])) << "one trial is fewer than the minimum of two";
  // Trials beyond the visible ones do not count, although their outcome is there.
  EXPECT_EQ(hurdle_bars({trials, 3}, steps, 2, false)[0], 4.0);
}

TEST(HurdleBars, EvenCountTakesTheLenientMiddle) {
  const std::vector<space::Trial> trials = {finished(0, TrialState::kPruned, 0, {{10, 1.0}}),
                                            finished(1, TrialState::kPruned, 0, {{10, 2.0}})};
  const std::vector<std::int64_t> steps = {10};
  EXPECT_EQ(hurdle_bars({trials, 2}, steps, 1, false)[0], 2.0);
  EXPECT_EQ(hurdle_bars({trials, 2}, steps, 1, true)[0], 1.0);
}

}  // namespace
}  // namespace nas::search
