#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::TrialState;
using testing::finished;

/// A trial that met hurdles after these steps with these values.
space::Trial met(std::int64_t number, const std::vector<std::pair<std::int64_t, double>>& values,
                 TrialState state = TrialState::kPruned) {
  space::Trial trial = finished(number, state, std::numeric_limits<double>::quiet_NaN(), values);
  for (const auto& [step, value] : values) trial.outcome.hurdles.push_back(step);
  return trial;
}

TEST(HurdleShares, AreThePapersTimes) {
  // specs B2.1: of 25,200 s four hurdles stand at 812.9, 2438.7, 5690.3 and 12193.5 s.
  const std::vector<double> shares = hurdle_shares(4);
  const std::vector<double> seconds = {812.9, 2438.7, 5690.3, 12193.5};
  ASSERT_EQ(shares.size(), seconds.size());
  for (std::size_t i = 0; i < shares.size(); ++i) {
    EXPECT_NEAR(shares[i] * 25200, seconds[i], 0.05) << i;
  }
  EXPECT_TRUE(hurdle_shares(0).empty());
}

TEST(HurdleShares, LetEveryBandCostTheSameWhenHalfPassEachHurdle) {
  for (std::int64_t hurdles = 1; hurdles <= 8; ++hurdles) {
    std::vector<double> ends = hurdle_shares(hurdles);
    ends.push_back(1.0);
    double begin = 0;
    double reach = 1;
    for (const double end : ends) {
      EXPECT_NEAR((end - begin) * reach, ends.front(), 1e-15) << hurdles;
      begin = end;
      reach /= 2;
    }
  }
}

TEST(HurdleSteps, AreTheSharesInWholeSteps) {
  EXPECT_EQ(hurdle_steps(25200, 4), (std::vector<std::int64_t>{813, 2439, 5690, 12194}));
  EXPECT_TRUE(hurdle_steps(100, 0).empty());
  EXPECT_EQ(hurdle_steps(300, 1), (std::vector<std::int64_t>{100}));
}

TEST(HurdleSteps, IncreaseInsideTheTrainingAndKeepTheirPlaces) {
  for (std::int64_t total = 1; total < 300; ++total) {
    const std::vector<std::int64_t> steps = hurdle_steps(total, 6);
    ASSERT_EQ(steps.size(), 6U);
    std::int64_t before = 0;
    for (const std::int64_t step : steps) {
      if (step == 0) continue;  // no room for it
      EXPECT_GT(step, before);
      EXPECT_LT(step, total);
      before = step;
    }
    EXPECT_EQ(std::count(steps.begin(), steps.end(), 0) == 0, total >= 64) << total;
  }
}

TEST(HurdleBars, MedianOfVisibleTrialsThatReachedTheHurdle) {
  std::vector<space::Trial> trials;
  const std::vector<double> values = {5, 1, 4, 2, 3};
  for (std::size_t i = 0; i < values.size(); ++i) {
    trials.push_back(met(static_cast<std::int64_t>(i), {{10, values[i]}}));
  }
  trials[1] = met(1, {{10, values[1]}, {30, 0.5}});
  const std::vector<double> bars = hurdle_bars({trials, 5}, 2, 2, false);
  EXPECT_EQ(bars[0], 3.0);
  EXPECT_TRUE(std::isnan(bars[1])) << "one trial is fewer than the minimum of two";
  // Trials beyond the visible ones do not count, although their outcome is there.
  EXPECT_EQ(hurdle_bars({trials, 3}, 2, 2, false)[0], 4.0);
}

TEST(HurdleBars, CompareHurdlesOfOnePlaceWhateverTheirSteps) {
  std::vector<space::Trial> trials = {met(0, {{10, 1.0}, {30, 0.7}}), met(1, {{30, 3.0}}),
                                      met(2, {{20, 2.0}, {60, 0.9}}, TrialState::kComplete)};
  // Evaluations between hurdles are nobody's bar.
  trials[2].outcome.intermediate = {{20, 2.0}, {30, 100.0}, {60, 0.9}};
  const std::vector<double> bars = hurdle_bars({trials, 3}, 2, 2, false);
  EXPECT_EQ(bars, (std::vector<double>{2.0, 0.9}));
}

TEST(HurdleBars, AHurdleWithoutAStepHasNoValue) {
  space::Trial brief = met(0, {{1, 5.0}});
  brief.outcome.hurdles = {0, 1};
  const std::vector<space::Trial> trials = {brief};
  const std::vector<double> bars = hurdle_bars({trials, 1}, 2, 1, false);
  EXPECT_TRUE(std::isnan(bars[0]));
  EXPECT_EQ(bars[1], 5.0);
}

TEST(HurdleBars, EvenCountTakesTheLenientMiddle) {
  const std::vector<space::Trial> trials = {met(0, {{10, 1.0}}), met(1, {{10, 2.0}})};
  EXPECT_EQ(hurdle_bars({trials, 2}, 1, 1, false)[0], 2.0);
  EXPECT_EQ(hurdle_bars({trials, 2}, 1, 1, true)[0], 1.0);
}

}  // namespace
}  // namespace nas::search
