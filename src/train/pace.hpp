#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "nas/train/training.hpp"
#include "train/progress.hpp"

namespace nas::train {

/// How much of its budget a training has spent, in steps or, with training.budget.seconds, by the
/// clock. `seconds`: wall clock of the training, over all attempts.
class Pace {
 public:
  explicit Pace(const TrainingRequest& request) : request_(request) {}

  [[nodiscard]] bool is_spent(std::int64_t steps_done, double seconds) const;
  /// Steps of the whole training; by the clock what its pace so far promises.
  [[nodiscard]] std::int64_t total_steps(std::int64_t steps_done, double seconds) const;
  /// Whether the training loss of the step just done counts: it is of the last tenth.
  [[nodiscard]] bool counts_into_loss(std::int64_t steps_done, double seconds) const;
  /// Place (from 0) of the hurdle that stands after the step just done and was not met before. Of
  /// several that the clock passed in one step, the last.
  [[nodiscard]] std::optional<std::size_t> hurdle(const Progress& progress, double seconds) const;
  /// Steps between two points of the training's curves, about 200 in all.
  [[nodiscard]] std::int64_t curve_interval() const;
  /// "20 of 80 steps", "20 steps".
  [[nodiscard]] std::string steps_text(std::int64_t steps_done) const;

 private:
  [[nodiscard]] const std::optional<double>& limit_seconds() const {
    return request_.training.budget.seconds;
  }

  const TrainingRequest& request_;
};

}  // namespace nas::train
