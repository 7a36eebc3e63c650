#include "nas/search/training_steps.hpp"

#include <gtest/gtest.h>

#include "nas/space/blocks.hpp"

namespace nas::search {
namespace {

config::TrainingConfig training_of(const config::TrainingBudgetConfig& budget) {
  config::TrainingConfig training;
  training.batch_size = 4;
  training.seq_len = 16;
  training.budget = budget;
  return training;
}

/// Pre-norm decoder on bytes: softmax attention and GELU, 2 heads.
space::Architecture architecture_of(std::int64_t model_dim = 16) {
  const space::BlockOptions options;
  space::ShortLayer layer;
  layer.mixer = space::block_program("softmax_attention", space::Slot::kMixer, options);
  layer.feed_forward = space::block_program("gelu", space::Slot::kFeedForward, options);
  space::Architecture architecture;
  architecture.model.vocab_size = 256;
  architecture.model.model_dim = model_dim;
  architecture.layers = {{2, 2 * model_dim, space::layer_program(layer)}};
  return architecture;
}

TEST(TrainingSteps, FlopsOfAStepAreThreeForwardPasses) {
  const config::TrainingConfig training = training_of({});
  // Pre-norm, model_dim 16, inner_dim 32, one layer, a vocabulary of 256, a multiply-add being 2
  // FLOPs: projections 4 * 2 * 16^2, feed-forward 2 * 2 * 16 * 32, head 2 * 16 * 256, scores and
  // their use 2 * 2 * 16 * 16; norms, GELU, softmax and residuals are the rest.
  const double products = 4 * 2 * 256 + 2 * 2 * 16 * 32 + 2 * 16 * 256 + 2 * 2 * 16 * 16;
  const double tokens = 4 * 16;
  const double flops = step_flops(training, architecture_of());
  EXPECT_GT(flops, 3 * products * tokens);
  EXPECT_LT(flops, 1.2 * 3 * products * tokens);
}

TEST(TrainingSteps, FlopsGiveEachArchitectureItsOwnSteps) {
  const space::Architecture small = architecture_of(16);
  const space::Architecture large = architecture_of(32);
  const double flops_of_small = step_flops(training_of({}), small);
  const double budget = 100.5 * flops_of_small;
  const config::TrainingConfig training = training_of({true, {}, {}, budget, {}});
  EXPECT_EQ(training_steps(training, small), 100);
  const std::int64_t steps_of_large = training_steps(training, large);
  EXPECT_LT(steps_of_large, 100);
  const double one = step_flops(training, large);
  EXPECT_LE(static_cast<double>(steps_of_large) * one, budget);
  EXPECT_GT(static_cast<double>(steps_of_large + 1) * one, budget);
  EXPECT_EQ(training_steps(training_of({true, {}, {}, 1.0, {}}), small), 1);
}

TEST(TrainingSteps, StepsAndTokensAreTheSameForAll) {
  const space::Architecture architecture = architecture_of();
  EXPECT_EQ(training_steps(training_of({}), architecture), 200);
  EXPECT_EQ(training_steps(training_of({true, 7, {}, {}, {}}), architecture), 7);
  EXPECT_EQ(training_steps(training_of({true, {}, 700, {}, {}}), architecture), 10);
  EXPECT_EQ(training_steps(training_of({true, {}, {}, {}, 2.0}), architecture), 1'000'000'000);
}

}  // namespace
}  // namespace nas::search
