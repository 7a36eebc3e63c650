#include "nas/export/sampling.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"

namespace nas::exporting {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();

/// Shares of the tokens over many steps.
std::vector<double> shares(const at::Tensor& logits, const Sampling& sampling) {
  constexpr std::uint32_t kDraws = 20000;
  std::vector<double> counts(static_cast<std::size_t>(logits.numel()));
  for (std::uint32_t step = 0; step < kDraws; ++step) {
    counts[static_cast<std::size_t>(next_token(logits, sampling, step))] += 1.0 / kDraws;
  }
  return counts;
}

TEST(Sampling, ATemperatureOfZeroTakesTheLikeliestAndOfEqualsTheFirst) {
  EXPECT_EQ(next_token(at::tensor({0.5, 2.0, -1.0, 2.0}), {}, 0), 1);
  EXPECT_EQ(next_token(at::tensor({-3.0}), {}, 9), 0);
  EXPECT_EQ(next_token(at::tensor({0.0, 1.0}).to(at::kBFloat16), {}, 0), 1);
}

TEST(Sampling, TokensComeWithTheProbabilitiesOfTheSoftmax) {
  const at::Tensor logits = at::tensor({0.0, 1.0, 2.0, -2.0});
  for (const double temperature : {0.5, 1.0, 3.0}) {
    const at::Tensor expected = at::softmax(logits.to(at::kDouble) / temperature, 0);
    const std::vector<double> found = shares(logits, {.temperature = temperature, .seed = 5});
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double p = expected[static_cast<std::int64_t>(i)].item<double>();
      // Five standard deviations of a share over the draws.
      EXPECT_NEAR(found[i], p, 5 * std::sqrt(p * (1 - p) / 20000) + 1e-9) << temperature;
    }
  }
}

TEST(Sampling, TopKDrawsFromTheLikeliestAlone) {
  const at::Tensor logits = at::tensor({0.0, 1.0, 1.0, 1.0, -5.0});
  const std::vector<double> found = shares(logits, {.temperature = 1, .top_k = 2, .seed = 1});
  EXPECT_NEAR(found[1], 0.5, 0.02);
  EXPECT_NEAR(found[2], 0.5, 0.02) << "of equals the smaller ids";
  EXPECT_EQ(found[0] + found[3] + found[4], 0);
  EXPECT_EQ(next_token(logits, {.temperature = 9, .top_k = 1}, 0), 1);
  EXPECT_EQ(shares(logits, {.temperature = 1, .top_k = 99, .seed = 1}),
            shares(logits, {.temperature = 1, .seed = 1}));
}

TEST(Sampling, IsAFunctionOfSeedAndStep) {
  const at::Tensor logits = at::zeros({1000});
  const Sampling sampling{.temperature = 1, .seed = 3};
  std::set<std::int64_t> tokens;
  for (std::uint32_t step = 0; step < 50; ++step) {
    EXPECT_EQ(next_token(logits, sampling, step), next_token(logits, sampling, step));
    tokens.insert(next_token(logits, sampling, step));
  }
  EXPECT_GT(tokens.size(), 40U);
  EXPECT_NE(next_token(logits, sampling, 0), next_token(logits, {.temperature = 1, .seed = 4}, 0));
}

TEST(Sampling, InfiniteLogitsAreCertainOrImpossibleAndNanIsAnError) {
  const Sampling sampling{.temperature = 1};
  EXPECT_EQ(next_token(at::tensor({0.0F, kInfinity, 1.0F}), sampling, 0), 1);
  for (std::uint32_t step = 0; step < 50; ++step) {
    EXPECT_NE(next_token(at::tensor({0.0F, -kInfinity, 0.0F}), sampling, step), 1);
  }
  const auto error = test::error_of([] {
    return next_token(at::tensor({0.0F, std::nanf("")}), {}, 7);
  });
  EXPECT_EQ(error->kind(), ErrorKind::kData);
  EXPECT_NE(std::string(error->what()).find("token 7"), std::string::npos);
}

}  // namespace
}  // namespace nas::exporting
