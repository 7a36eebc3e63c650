#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace nas::run {

/// What repeated measurements say of their mean.
struct SampleSummary {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;      ///< sample standard deviation, n - 1; NaN below two values
  double low = 0, high = 0;  ///< 95 % interval of the mean; NaN below two values
};

/// The interval is Student's: mean -+ t(0.975; n - 1) deviation / sqrt(n). All NaN without a value.
[[nodiscard]] SampleSummary summarise(const std::vector<double>& values);

struct Interval {
  double low = 0;
  double high = 0;
};

/// Welch's interval of mean(second) - mean(first); NaN when one has fewer than two values. Where
/// one of `choices` samples was chosen for its mean, the interval is that of 1 - 0.05 / choices
/// (Bonferroni), so that it misses with at most 5 % however the choice fell; 95 % for one.
/// Source: Welch 1947 (doi 10.1093/biomet/34.1-2.28), freedom after Satterthwaite.
[[nodiscard]] Interval welch_interval(const SampleSummary& first, const SampleSummary& second,
                                      std::int64_t choices = 1);

/// For each sample the probability that its true mean is the best of all: the share of draws in
/// which it is, when each mean is drawn from its Student distribution (mean + deviation / sqrt(n) *
/// t with n - 1 degrees of freedom), which is the posterior under a flat prior. 10,000 draws keyed
/// by `seed`; ties share. NaN for all when one has fewer than two values.
[[nodiscard]] std::vector<double> best_probabilities(std::span<const SampleSummary> samples,
                                                     bool maximize, std::uint64_t seed);

}  // namespace nas::run
