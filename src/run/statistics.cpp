#include "nas/run/statistics.hpp"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "nas/core/philox.hpp"

namespace nas::run {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kTail = 0.025;  ///< beyond each end of a 95 % interval

double quantile(double freedom, double tail = kTail) {
  return boost::math::quantile(boost::math::students_t(freedom), 1 - tail);
}

/// Variance of the mean.
double variance_of_mean(const SampleSummary& sample) {
  return sample.deviation * sample.deviation / static_cast<double>(sample.count);
}

/// A draw of Student's t: a normal over the root of an independent chi-squared over its freedom.
double draw_student(std::int64_t freedom, DrawCursor& cursor) {
  const double normal = cursor.normal();
  double squares = 0;
  for (std::int64_t i = 0; i < freedom; ++i) squares += std::pow(cursor.normal(), 2);
  return normal / std::sqrt(squares / static_cast<double>(freedom));
}

}  // namespace

SampleSummary summarise(const std::vector<double>& values) {
  SampleSummary summary{static_cast<std::int64_t>(values.size()), kNan, kNan, kNan, kNan};
  if (values.empty()) return summary;
  const auto count = static_cast<double>(values.size());
  summary.mean = 0;
  for (const double value : values) summary.mean += value / count;
  if (values.size() < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += std::pow(value - summary.mean, 2);
  summary.deviation = std::sqrt(squares / (count - 1));
  const double half = quantile(count - 1) * summary.deviation / std::sqrt(count);
  summary.low = summary.mean - half;
  summary.high = summary.mean + half;
  return summary;
}

Interval welch_interval(const SampleSummary& first, const SampleSummary& second,
                        std::int64_t choices) {
  if (first.count < 2 || second.count < 2) return {kNan, kNan};
  const double difference = second.mean - first.mean;
  const double a = variance_of_mean(first);
  const double b = variance_of_mean(second);
  if (!(a + b > 0)) return {difference, difference};
  const double freedom = std::pow(a + b, 2) / (a * a / static_cast<double>(first.count - 1) +
                                               b * b / static_cast<double>(second.count - 1));
  const double half = quantile(freedom, kTail / static_cast<double>(choices)) * std::sqrt(a + b);
  return {difference - half, difference + half};
}

std::vector<double> best_probabilities(std::span<const SampleSummary> samples, bool maximize,
                                       std::uint64_t seed) {
  constexpr std::uint32_t kDraws = 10'000;
  const bool is_known = std::all_of(samples.begin(), samples.end(),
                                    [](const SampleSummary& sample) { return sample.count >= 2; });
  if (!is_known) return std::vector<double>(samples.size(), kNan);
  std::vector<double> shares(samples.size());
  std::vector<double> losses(samples.size());
  for (std::uint32_t draw = 0; draw < kDraws; ++draw) {
    for (std::size_t i = 0; i < samples.size(); ++i) {
      const SampleSummary& sample = samples[i];
      DrawCursor cursor({seed, Purpose::kBootstrap, i, draw});
      const double error = std::sqrt(variance_of_mean(sample));
      const double mean =
          error > 0 ? sample.mean + error * draw_student(sample.count - 1, cursor) : sample.mean;
      losses[i] = maximize ? -mean : mean;
    }
    const double least = *std::min_element(losses.begin(), losses.end());
    const auto tied = static_cast<double>(std::count(losses.begin(), losses.end(), least));
    for (std::size_t i = 0; i < samples.size(); ++i) {
      if (losses[i] == least) shares[i] += 1.0 / (tied * kDraws);
    }
  }
  return shares;
}

}  // namespace nas::run
