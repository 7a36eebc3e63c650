#pragma once

#include <cstdint>
#include <vector>

#include "nas/space/trial.hpp"

namespace nas::search {

/// A closed-form objective over architectures, so that the whole loop runs in microseconds. It
/// rewards numbers of nodes of some primitives (square, causal_depthwise_conv, scale_learned,
/// rms_norm, cumulative_mean), two orders (square after relu, split_heads after a convolution), an
/// inner ratio of 4, and pairs of features; gates without squares hurt; every other node is
/// neutral. Smaller is better; the optimum is known.
class SyntheticObjective {
 public:
  struct Options {
    double noise = 0;                    ///< std of keyed Gaussian noise added to the value
    double fail_share = 0;               ///< share of hashes that end FAIL "nan"
    std::int64_t step_microseconds = 0;  ///< sleep per intermediate step, to give kills a target
  };
  SyntheticObjective(std::uint64_t seed, const Options& options);

  /// Value after `step` of `total_steps` (a decreasing learning curve towards the final value).
  [[nodiscard]] double value(const space::Architecture& architecture, std::int64_t step,
                             std::int64_t total_steps, std::uint32_t repeat) const;
  [[nodiscard]] bool fails(const space::Architecture& architecture) const;
  /// The smallest final value that any architecture reaches, noise aside.
  [[nodiscard]] static double optimum();
  [[nodiscard]] const Options& options() const { return options_; }

 private:
  std::uint64_t seed_;
  Options options_;
};

}  // namespace nas::search
