#include "train/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "nas/train/tables.hpp"
#include "support/error_of.hpp"

namespace nas::train {
namespace {

config::TrainingConfig training_of(const std::string& name) {
  config::TrainingConfig training;
  training.steps = 110;
  training.optimizer.learning_rate = 0.5;
  training.schedule = {name, 10, 0.2};
  return training;
}

double learning_rate(const config::TrainingConfig& training, std::int64_t step) {
  return train::learning_rate(training, training.steps, step);
}

TEST(Schedule, WarmsUpLinearlyToThePeak) {
  for (const std::string& name : builtin_schedules().names()) {
    const config::TrainingConfig training = training_of(name);
    EXPECT_DOUBLE_EQ(learning_rate(training, 0), 0.05);
    EXPECT_DOUBLE_EQ(learning_rate(training, 4), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate(training, 9), 0.5);
    EXPECT_LE(learning_rate(training, 10), 0.5);
    EXPECT_GT(learning_rate(training, 10), 0.47);
  }
}

TEST(Schedule, CosineFallsToTheFinalShare) {
  const config::TrainingConfig training = training_of("cosine");
  // A quarter, half, three quarters of 100 steps: cos(pi/4) = sqrt(1/2), cos(pi/2) = 0.
  EXPECT_DOUBLE_EQ(learning_rate(training, 35), 0.5 * (0.2 + 0.4 * (1 + std::sqrt(0.5))));
  EXPECT_DOUBLE_EQ(learning_rate(training, 60), 0.3);
  EXPECT_DOUBLE_EQ(learning_rate(training, 85), 0.5 * (0.2 + 0.4 * (1 - std::sqrt(0.5))));
  EXPECT_DOUBLE_EQ(learning_rate(training, 110), 0.1);
  EXPECT_LT(learning_rate(training, 109), 0.1 + 0.4 * 0.00025);
  for (std::int64_t step = 11; step < 110; ++step) {
    EXPECT_LT(learning_rate(training, step), learning_rate(training, step - 1));
  }
}

TEST(Schedule, LinearFallsToTheFinalShareInAStraightLine) {
  const config::TrainingConfig training = training_of("linear");
  EXPECT_DOUBLE_EQ(learning_rate(training, 10), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(training, 35), 0.4);
  EXPECT_DOUBLE_EQ(learning_rate(training, 60), 0.3);
  EXPECT_DOUBLE_EQ(learning_rate(training, 110), 0.1);
}

TEST(Schedule, RsqrtFallsWithTheRootOfTheStepWhateverTheLength) {
  config::TrainingConfig training = training_of("rsqrt");
  // t counts from 1: the peak is at t = 10, half of it at t = 40.
  EXPECT_DOUBLE_EQ(learning_rate(training, 9), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(training, 39), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(training, 89), 0.5 / 3);
  training.steps = 100'000;
  EXPECT_DOUBLE_EQ(learning_rate(training, 39), 0.25);
}

TEST(Schedule, RsqrtIsT5sAfterTheWarmUp) {
  config::TrainingConfig training = training_of("rsqrt");
  training.steps = 1'000'000;
  training.optimizer.learning_rate = 0.01;  // 1 / sqrt(10,000)
  training.schedule.warmup_steps = 10'000;
  for (const std::int64_t t : {10'000, 10'001, 40'000, 1'000'000}) {
    EXPECT_DOUBLE_EQ(learning_rate(training, t - 1), 1 / std::sqrt(static_cast<double>(t)));
  }
  // T5 begins at the peak; this rises to it.
  EXPECT_DOUBLE_EQ(learning_rate(training, 99), 0.01 * 100 / 10'000);
}

TEST(Schedule, ConstantStaysAtThePeak) {
  for (const std::int64_t step : {10, 50, 109}) {
    EXPECT_EQ(learning_rate(training_of("constant"), step), 0.5);
  }
}

TEST(Schedule, WorksWithoutWarmUpAndWithNothingElse) {
  config::TrainingConfig training = training_of("cosine");
  training.schedule.warmup_steps = 0;
  for (const std::string& name : builtin_schedules().names()) {
    training.schedule.name = name;
    EXPECT_EQ(learning_rate(training, 0), 0.5) << name;
  }
  training.schedule.name = "cosine";
  training.schedule.warmup_steps = 200;
  EXPECT_DOUBLE_EQ(learning_rate(training, 109), 0.5 * 110 / 200);
  training.schedule.warmup_steps = 110;
  EXPECT_EQ(learning_rate(training, 110), 0.5);
}

TEST(Schedule, RefusesUnknownNames) {
  EXPECT_EQ(test::message_of([] { return learning_rate(training_of("liner"), 20); }),
            "unknown schedule \"liner\", did you mean \"linear\"? (known: cosine, linear, rsqrt, "
            "constant)");
}

}  // namespace
}  // namespace nas::train
