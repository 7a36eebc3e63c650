#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

TEST(BitsPerByte, DoesNotDependOnTheTokenizer) {
  // A uniform guess over 256 bytes costs 8 bits.
  EXPECT_DOUBLE_EQ(bits_per_byte(std::log(256.0), 1000, 1000), 8.0);
  // The same text in tokens of 4 bytes: a quarter of the tokens, four times the nats.
  EXPECT_DOUBLE_EQ(bits_per_byte(4 * std::log(256.0), 250, 1000), 8.0);
  EXPECT_DOUBLE_EQ(bits_per_byte(1.0, 3, 6), 0.5 / std::log(2.0));
}

TEST(EvaluateNats, IsTheMeanLossOverAllTargets) {
  nn::Model model(test::tiny_architecture(), {});
  model.initialise(3, 0);
  const at::Tensor windows = at::arange(7 * 9, at::kLong).mul(11).remainder(256).view({7, 9});
  const at::NoGradGuard no_grad;
  // By the definition, one token at a time, in double precision.
  const at::Tensor logits = model.forward(windows.narrow(1, 0, 8).contiguous()).to(at::kDouble);
  double sum = 0;
  for (std::int64_t row = 0; row < 7; ++row) {
    for (std::int64_t t = 0; t < 8; ++t) {
      const at::Tensor at_token = logits.select(0, row).select(0, t);
      const std::int64_t target = windows[row][t + 1].item<std::int64_t>();
      sum += std::log(at_token.exp().sum().item<double>()) - at_token[target].item<double>();
    }
  }
  for (const std::int64_t batch : {1, 3, 7, 20}) {
    EXPECT_NEAR(evaluate_nats(model, {windows, {}}, batch), sum / 56, 1e-6) << batch;
  }
}

TEST(Precision, AutoMeansBf16OnAGpu) {
  config::TrainingConfig training;
  EXPECT_FALSE(uses_bf16(training, "cpu"));
  EXPECT_TRUE(uses_bf16(training, "cuda:0"));
  training.precision = "fp32";
  EXPECT_FALSE(uses_bf16(training, "cuda:0"));
  training.precision = "bf16";
  EXPECT_TRUE(uses_bf16(training, "cpu"));
}

}  // namespace
}  // namespace nas::train
