#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "nas/run/evaluator.hpp"

namespace nas::run {

/// Several trainings of one candidate, repeats 0, 1, ..., seeds - 1, one after the other. A bar at
/// a hurdle is compared with the mean of the trainings so far, each time another one gets there, so
/// that a weak candidate is given up as soon as its mean is. Every training counts as if it were
/// the only one in everything else: what ends one ends the candidate.
struct SeedsRequest {
  EvaluationRequest evaluation;  ///< of the first training; the others get folder/seed-<n>
  std::int64_t seeds = 1;
  std::int64_t steps = 0;              ///< of one training, for progress
  std::vector<EvaluationResult> done;  ///< COMPLETE trainings of an earlier attempt, in order
  /// Called after each COMPLETE training with its repeat, to keep it.
  std::function<void(std::uint32_t, const EvaluationResult&)> on_trained;
};

/// One outcome: the last training's state and reason; values, scores and intermediate values are
/// means over the trainings that have them, summed in order; the spread of a score is the sample
/// standard deviation. Attributes are the first training's, with its weights. Nothing when
/// should_stop asked. With one seed this is the evaluator's own result.
[[nodiscard]] std::optional<EvaluationResult> evaluate_seeds(const Evaluator& evaluator,
                                                             const SeedsRequest& request);

/// Folder of a training: the first one's is the candidate's own.
[[nodiscard]] std::string seed_folder(const std::string& folder, std::int64_t seed);

/// The mean of each step's values over the outcomes that have one, in order of step.
[[nodiscard]] std::vector<std::pair<std::int64_t, double>> mean_intermediate(
    std::span<const EvaluationResult> results);

}  // namespace nas::run
