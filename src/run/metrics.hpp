#pragma once

#include <optional>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

namespace nas::run {

/// Where a metric that objectives and constraints may name comes from.
enum class MetricKind {
  kAnalytic,  ///< counted from the architecture before a trial exists
  kMeasured,  ///< timed before training
  kTrained,   ///< of the trained model
};

[[nodiscard]] std::optional<MetricKind> metric_kind(const std::string& metric);

/// Throw Error(kConfig) with place, value and what is allowed for metrics that are not known, that
/// the configuration does not provide, or that cannot go in the direction asked for.
void check_constraints(const config::RunConfig& config, const JsonPositions& positions);
void check_objectives(const config::RunConfig& config, const JsonPositions& positions);

/// What the study's values are: the objectives, or the one value of their weighted product.
[[nodiscard]] std::vector<space::Objective> combined_objectives(const config::RunConfig& config);

/// Number of the study's value that needs training, which verification judges: the first trained
/// objective, or the weighted product when it has a trained factor. Nothing when none does.
[[nodiscard]] std::optional<std::size_t> trained_value(const config::RunConfig& config);

/// The objectives of an architecture from its analytic scores, less is better. Only for
/// configurations whose objectives are all analytic.
[[nodiscard]] std::vector<double> analytic_losses(const config::RunConfig& config,
                                                  const space::Architecture& architecture);

/// Replaces the value of a COMPLETE outcome, which as an evaluator gives it is val_bpb, by the
/// study's values from `scores`. The outcome becomes FAIL "nan" when one is not a number.
/// The weighted product is prod (metric / reference) ^ weight, -weight for a metric to maximize:
/// least is best. Source: Tan et al. 2019, MnasNet (arXiv:1807.11626), eq. 2, generalised to any
/// metrics; there accuracy has weight 1 and latency -0.07, and most is best.
void apply_objectives(const config::RunConfig& config, const space::Scores& scores,
                      space::Outcome& outcome);

}  // namespace nas::run
