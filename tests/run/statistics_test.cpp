#include "nas/run/statistics.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "nas/core/philox.hpp"

namespace nas::run {
namespace {

constexpr double kFourDigits = 5e-5;  ///< of the quantiles printed in tables
/// Four standard errors of a share of 10,000 draws, at most sqrt(0.25 / 10000) each.
constexpr double kMonteCarlo = 0.02;

SampleSummary of(std::initializer_list<double> values) { return summarise(values); }

TEST(Summary, IsTheTextbooks) {
  // Mean 5, squared deviations 9 + 1 + 1 + 1 + 0 + 0 + 4 + 16 = 32 over 7; t(0.975; 7) = 2.364624.
  const SampleSummary summary = summarise({2, 4, 4, 4, 5, 5, 7, 9});
  EXPECT_EQ(summary.count, 8);
  EXPECT_DOUBLE_EQ(summary.mean, 5);
  EXPECT_DOUBLE_EQ(summary.deviation, std::sqrt(32.0 / 7));
  const double half = 2.364624 * std::sqrt(32.0 / 7 / 8);
  EXPECT_NEAR(summary.low, 5 - half, 1e-6);
  EXPECT_NEAR(summary.high, 5 + half, 1e-6);
}

TEST(Summary, OfTwoValuesIsWide) {
  const SampleSummary summary = summarise({1, 2});
  EXPECT_NEAR(summary.high - summary.low, 2 * 12.7062 * 0.5, 1e-4);  // t(0.975; 1) = 12.7062
}

TEST(Summary, SaysNothingItDoesNotKnow) {
  const SampleSummary one = summarise({3});
  EXPECT_EQ(one.mean, 3);
  EXPECT_TRUE(std::isnan(one.deviation));
  EXPECT_TRUE(std::isnan(one.low));
  EXPECT_EQ(summarise({}).count, 0);
  EXPECT_TRUE(std::isnan(summarise({}).mean));
}

TEST(WelchInterval, OfAKnownExample) {
  // Means 2 and 5, sample variances 1 and 4, n = 3: error sqrt(5/3), freedom (5/3)^2 /
  // ((1/3)^2/2 + (4/3)^2/2) = 2.9412; t(0.975, 2.9412) = 3.2203 (R: qt(0.975, 2.941176)).
  const Interval interval = welch_interval(of({1, 2, 3}), of({3, 5, 7}));
  EXPECT_DOUBLE_EQ(interval.low + interval.high, 6);
  EXPECT_NEAR(interval.high - 3, 3.2203 * std::sqrt(5.0 / 3.0), 2e-3);
}

TEST(WelchInterval, OfEqualVariancesIsStudentsWithAllTheFreedom) {
  // Equal n and variance: 2n - 2 degrees of freedom; t(0.975, 4) = 2.7764.
  const Interval interval = welch_interval(of({1, 2, 3}), of({2, 3, 4}));
  EXPECT_NEAR(interval.high, 1 + 2.7764 * std::sqrt(2.0 / 3.0), kFourDigits);
}

TEST(WelchInterval, AllowsForAChoiceAmongThree) {
  // As above with the tail a third: t(1 - 0.025 / 3, 4) = 3.9608.
  const Interval interval = welch_interval(of({1, 2, 3}), of({2, 3, 4}), 3);
  EXPECT_NEAR(interval.high, 1 + 3.9608 * std::sqrt(2.0 / 3.0), kFourDigits);
}

/// The best mean of three equal samples against a fourth: how often its interval is above zero.
double share_called_better(std::int64_t choices) {
  constexpr std::uint64_t kDraws = 20'000;
  double better = 0;
  for (std::uint64_t draw = 0; draw < kDraws; ++draw) {
    DrawCursor cursor({53, Purpose::kTest, draw, 0});
    std::vector<SampleSummary> samples;
    samples.reserve(4);
    for (int i = 0; i < 4; ++i) {
      samples.push_back(of({cursor.normal(), cursor.normal(), cursor.normal()}));
    }
    const auto chosen =
        std::min_element(samples.begin(), samples.end() - 1,
                         [](const auto& a, const auto& b) { return a.mean < b.mean; });
    better += welch_interval(*chosen, samples.back(), choices).low > 0 ? 1 : 0;
  }
  return better / kDraws;
}

TEST(WelchInterval, OfTheBestOfThreeEqualOnesIsRarelyAboveZero) {
  EXPECT_LT(share_called_better(3), 0.025);
  EXPECT_GT(share_called_better(1), 0.025);  // what the choice would cost unallowed for
}

TEST(WelchInterval, WithoutVarianceIsThePoint) {
  const Interval interval = welch_interval(of({1, 1}), of({3, 3}));
  EXPECT_EQ(interval.low, 2);
  EXPECT_EQ(interval.high, 2);
  EXPECT_TRUE(std::isnan(welch_interval(of({1}), of({3, 4})).low));
}

TEST(BestProbabilities, AgainstAKnownMeanIsStudentsDistribution) {
  // The second mean is known to be 0; the first is t with two degrees of freedom, whose
  // distribution function is 1/2 + x / (2 sqrt(2 + x^2)). {m - s, m, m + s} has deviation s.
  for (const double mean : {-1.5, 0.25, 2.0}) {
    const double spread = std::sqrt(3.0);
    const SampleSummary first = of({mean - spread, mean, mean + spread});
    const std::vector<double> found =
        best_probabilities(std::vector<SampleSummary>{first, of({0, 0})}, false, 1);
    const double below = 0.5 - mean / (2 * std::sqrt(2 + mean * mean));
    EXPECT_NEAR(found[0], below, kMonteCarlo) << "mean " << mean;
    EXPECT_NEAR(found[0] + found[1], 1, 1e-9);
  }
}

TEST(BestProbabilities, OfEqualSamplesAreEqual) {
  const std::vector<SampleSummary> equal(4, of({1, 2, 4}));
  for (const double share : best_probabilities(equal, true, 3)) {
    EXPECT_NEAR(share, 0.25, kMonteCarlo);
  }
  const std::vector<SampleSummary> certain(3, of({2, 2}));
  for (const double share : best_probabilities(certain, false, 3)) EXPECT_NEAR(share, 1 / 3., 1e-9);
}

TEST(BestProbabilities, OfManyValuesAreThoseOfNormals) {
  // Two means known to 1/sqrt(200) each, 0.1 apart: P = Phi(0.1 / sqrt(2/200)) = Phi(1).
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.insert(values.end(), {-1.0, 1.0});
  const double scale = 1 / summarise(values).deviation;
  std::vector<double> shifted;
  shifted.reserve(values.size());
  for (double& value : values) shifted.push_back((value *= scale) + 0.1);
  const std::vector<SampleSummary> samples{summarise(values), summarise(shifted)};
  EXPECT_NEAR(best_probabilities(samples, false, 5)[0], 0.8413, kMonteCarlo);
  EXPECT_NEAR(best_probabilities(samples, true, 5)[1], 0.8413, kMonteCarlo);
}

TEST(BestProbabilities, NeedTwoValuesOfEach) {
  EXPECT_TRUE(
      std::isnan(best_probabilities(std::vector<SampleSummary>{of({1}), of({1, 2})}, false, 1)[1]));
}

TEST(BestProbabilities, AreAFunctionOfTheSeed) {
  const std::vector<SampleSummary> samples{of({1, 2, 3}), of({1.5, 2, 3})};
  EXPECT_EQ(best_probabilities(samples, false, 9), best_probabilities(samples, false, 9));
  EXPECT_NE(best_probabilities(samples, false, 9), best_probabilities(samples, false, 10));
}

}  // namespace
}  // namespace nas::run
