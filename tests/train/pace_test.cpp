#include "train/pace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <map>

#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

using space::TrialState;
using testing::ElementsAre;
using testing::Pair;

constexpr double kPasses = std::numeric_limits<double>::quiet_NaN();

double score_of(const space::Outcome& outcome, const std::string& name) {
  for (const space::Score& score : outcome.scores) {
    if (score.name == name) return score.value;
  }
  ADD_FAILURE() << "no score " << name;
  return 0;
}

TEST(Pace, OfStepsCountsThem) {
  TrainingRequest request;
  request.training.steps = 50;
  request.hurdle_steps = {10, 30};
  request.hurdle_bars = {kPasses, kPasses};
  const Pace pace(request);
  EXPECT_FALSE(pace.is_spent(49, 1e9));
  EXPECT_TRUE(pace.is_spent(50, 0));
  EXPECT_EQ(pace.total_steps(3, 7), 50);
  EXPECT_FALSE(pace.counts_into_loss(45, 0));
  EXPECT_TRUE(pace.counts_into_loss(46, 0)) << "the last five are the last tenth";
  EXPECT_EQ(pace.steps_text(3), "3 of 50 steps");
  Progress progress;
  progress.step = 9;
  EXPECT_FALSE(pace.hurdle(progress, 0));
  progress.step = 10;
  EXPECT_EQ(pace.hurdle(progress, 0), 0U);
  progress = {30, 0, 0, {}, 0, {10}};
  EXPECT_EQ(pace.hurdle(progress, 0), 1U);
}

TEST(Pace, ByTheClockEstimatesTheSteps) {
  TrainingRequest request;
  request.training.budget = {true, {}, {}, {}, 100.0};
  request.hurdle_seconds = {10, 30};
  request.hurdle_bars = {kPasses, kPasses};
  const Pace pace(request);
  EXPECT_FALSE(pace.is_spent(1'000'000, 99));
  EXPECT_TRUE(pace.is_spent(1, 100));
  EXPECT_FALSE(pace.is_spent(0, 200)) << "one step is trained, however late it is";
  EXPECT_EQ(pace.total_steps(20, 10), 200);
  EXPECT_EQ(pace.total_steps(0, 0), 1'000'000'000);
  EXPECT_EQ(pace.total_steps(50, 1000), 50);
  EXPECT_FALSE(pace.counts_into_loss(5, 89));
  EXPECT_TRUE(pace.counts_into_loss(5, 91));
  EXPECT_EQ(pace.steps_text(3), "3 steps");
  Progress progress;
  EXPECT_FALSE(pace.hurdle(progress, 9.9));
  EXPECT_EQ(pace.hurdle(progress, 10), 0U);
  EXPECT_EQ(pace.hurdle(progress, 31), 1U) << "a slow step passed both";
  progress.hurdles = {4};
  EXPECT_FALSE(pace.hurdle(progress, 29));
  EXPECT_EQ(pace.hurdle(progress, 31), 1U);
}

class TrainingPace : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  TrainingRequest request_ = test::tiny_request(test::tiny_dataset(folder_));
};

TEST_F(TrainingPace, SaysWhichHurdlesWereMet) {
  request_.training.eval_every = 1;
  request_.hurdle_steps = {0, 2, 5};  // the first has no room
  request_.hurdle_bars = {0.0, kPasses, 0.5};
  const std::optional<TrainingResult> result = train(request_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome.reason, "hurdle");
  EXPECT_THAT(result->outcome.hurdles, ElementsAre(0, 2, 5));
}

TEST_F(TrainingPace, ABudgetInSecondsEndsByTheClock) {
  request_.training.budget = {true, {}, {}, {}, 0.4};
  request_.hurdle_seconds = {1e-9, 0.2};
  request_.hurdle_bars = {kPasses, kPasses};
  std::int64_t steps = 0;
  request_.on_step = [&](std::int64_t step) { steps = step; };
  const std::optional<TrainingResult> result = train(request_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->outcome.state, TrialState::kComplete) << result->outcome.detail;
  EXPECT_GE(result->outcome.seconds, 0.4);
  EXPECT_GE(steps, 1);
  // How many hurdles are met depends on the machine; where one is, its value is there too.
  EXPECT_LE(result->outcome.hurdles.size(), 2U);
  std::size_t met = 0;
  for (const std::int64_t step : result->outcome.hurdles) {
    EXPECT_LE(step, steps);
    met += step > 0;
  }
  EXPECT_EQ(result->outcome.intermediate.size(), met);
  EXPECT_GT(score_of(result->outcome, "train_loss_nats"), 0);
}

TEST_F(TrainingPace, ABudgetInSecondsCountsEarlierAttempts) {
  request_.training.budget = {true, {}, {}, {}, 3600.0};
  request_.checkpoint_path = folder_ / "checkpoint";
  TrainingRequest stopped = request_;
  int polls = 0;
  stopped.should_stop = [&] { return polls++ == 3; };
  ASSERT_FALSE(train(stopped));
  EXPECT_EQ(checkpoint_step(request_.checkpoint_path), 3);
  std::vector<std::int64_t> steps;
  TrainingRequest again = request_;
  again.on_step = [&](std::int64_t step) { steps.push_back(step); };
  again.should_stop = [&] { return !steps.empty(); };
  ASSERT_FALSE(train(again));
  EXPECT_THAT(steps, ElementsAre(4));
}

TEST_F(TrainingPace, ReportsItsCurvesWithoutChangingABit) {
  request_.training.eval_every = 4;
  const TrainingResult quiet = train(request_).value();
  std::map<std::string, std::vector<std::pair<std::int64_t, double>>> curves;
  request_.on_scalar = [&](const std::string& name, std::int64_t step, double value) {
    curves[name].emplace_back(step, value);
  };
  const std::optional<TrainingResult> result = train(request_);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->weights_hash, quiet.weights_hash);
  EXPECT_EQ(result->outcome.intermediate, quiet.outcome.intermediate);
  EXPECT_EQ(result->outcome.value, quiet.outcome.value);
  EXPECT_THAT(curves["val_bpb"],
              ElementsAre(result->outcome.intermediate.at(0), Pair(8, result->outcome.value)));
  EXPECT_EQ(curves["val_loss"].back().second, score_of(result->outcome, "val_loss_nats"));
  ASSERT_EQ(curves["train_loss"].size(), 8U);
  ASSERT_EQ(curves["steps_per_second"].size(), 8U);
  // Two steps of warm-up to 3e-3.
  EXPECT_THAT(curves["learning_rate"].at(0), Pair(1, 1.5e-3));
  EXPECT_THAT(curves["learning_rate"].at(1), Pair(2, 3e-3));
}

}  // namespace
}  // namespace nas::train
