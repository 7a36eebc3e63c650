#include <gtest/gtest.h>

#include <limits>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::TrialState;
using testing::finished;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Better, OrdersCompleteByValueInTheGivenDirection) {
  const auto low = finished(0, TrialState::kComplete, 1.0);
  const auto high = finished(1, TrialState::kComplete, 2.0);
  EXPECT_TRUE(better(low, high, false));
  EXPECT_FALSE(better(high, low, false));
  EXPECT_TRUE(better(high, low, true));
  EXPECT_FALSE(better(low, low, false));
}

TEST(Better, OrdersStatesCompletePrunedFail) {
  const auto complete = finished(0, TrialState::kComplete, 100.0);
  const auto pruned = finished(1, TrialState::kPruned, kNan, {{10, 0.5}});
  const auto failed = finished(2, TrialState::kFail, kNan, {{10, 0.1}});
  EXPECT_TRUE(better(complete, pruned, false));
  EXPECT_TRUE(better(pruned, failed, false));
  EXPECT_FALSE(better(failed, pruned, false));
}

TEST(Better, PrunedLaterIsBetterThenLowerValue) {
  const auto early = finished(0, TrialState::kPruned, kNan, {{10, 0.1}});
  const auto late = finished(1, TrialState::kPruned, kNan, {{10, 0.9}, {30, 0.8}});
  const auto late_low = finished(2, TrialState::kPruned, kNan, {{10, 0.9}, {30, 0.7}});
  EXPECT_TRUE(better(late, early, false));
  EXPECT_TRUE(better(late_low, late, false));
  const auto untrained = finished(3, TrialState::kPruned, kNan);
  EXPECT_TRUE(better(early, untrained, false));
  EXPECT_FALSE(better(untrained, untrained, false));
}

TEST(Better, PrunedAtALaterHurdleIsBetterWhateverTheStep) {
  auto early = finished(0, TrialState::kPruned, kNan, {{300, 0.1}});
  early.outcome.hurdles = {300};
  auto late = finished(1, TrialState::kPruned, kNan, {{10, 0.9}, {30, 0.8}});
  late.outcome.hurdles = {10, 30};
  EXPECT_TRUE(better(late, early, false));
  EXPECT_FALSE(better(early, late, false));
  auto same = finished(2, TrialState::kPruned, kNan, {{100, 0.9}, {200, 0.7}});
  same.outcome.hurdles = {100, 200};
  EXPECT_TRUE(better(same, late, false));
  EXPECT_FALSE(better(late, same, false));
}

TEST(Better, NanIsWorst) {
  const auto nan = finished(0, TrialState::kComplete, kNan);
  const auto number = finished(1, TrialState::kComplete, 1e9);
  EXPECT_TRUE(better(number, nan, false));
  EXPECT_FALSE(better(nan, number, false));
  EXPECT_TRUE(better(number, nan, true));
}

}  // namespace
}  // namespace nas::search
