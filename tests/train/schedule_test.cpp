#include "train/schedule.hpp"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(Schedule, WarmsUpLinearlyToThePeak) {
  for (const char* name : {"cosine", "constant"}) {
    const config::TrainingConfig training = training_of(name);
    EXPECT_DOUBLE_EQ(learning_rate(training, 0), 0.05);
    EXPECT_DOUBLE_EQ(learning_rate(training, 4), 0.25);
    EXPECT_DOUBLE_EQ(learning_rate(training, 9), 0.5);
    EXPECT_DOUBLE_EQ(learning_rate(training, 10), 0.5);
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

TEST(Schedule, ConstantStaysAtThePeak) {
  for (const std::int64_t step : {10, 50, 109}) {
    EXPECT_EQ(learning_rate(training_of("constant"), step), 0.5);
  }
}

TEST(Schedule, WorksWithoutWarmUpAndWithNothingElse) {
  config::TrainingConfig training = training_of("cosine");
  training.schedule.warmup_steps = 0;
  EXPECT_EQ(learning_rate(training, 0), 0.5);
  training.schedule.warmup_steps = 200;
  EXPECT_DOUBLE_EQ(learning_rate(training, 109), 0.5 * 110 / 200);
  training.schedule.warmup_steps = 110;
  EXPECT_EQ(learning_rate(training, 110), 0.5);
}

TEST(Schedule, RefusesUnknownNames) {
  EXPECT_EQ(test::message_of([] { return learning_rate(training_of("linear"), 20); }),
            "training.schedule.name = \"linear\": must be \"cosine\" or \"constant\"");
}

}  // namespace
}  // namespace nas::train
