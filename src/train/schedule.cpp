#include "train/schedule.hpp"

#include <cmath>
#include <numbers>

#include "nas/core/error.hpp"

namespace nas::train {

double learning_rate(const config::TrainingConfig& training, std::int64_t step) {
  const config::ScheduleConfig& schedule = training.schedule;
  const double peak = training.optimizer.learning_rate;
  if (step < schedule.warmup_steps) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  }
  if (schedule.name == "constant") return peak;
  if (schedule.name != "cosine") {
    throw Error(ErrorKind::kConfig, "training.schedule.name = \"" + schedule.name +
                                        "\": must be \"cosine\" or \"constant\"");
  }
  // A warm-up as long as the training leaves nothing to fall over.
  if (training.steps <= schedule.warmup_steps) return peak;
  const double progress = static_cast<double>(step - schedule.warmup_steps) /
                          static_cast<double>(training.steps - schedule.warmup_steps);
  const double falling = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
  return peak * (schedule.final_share + (1.0 - schedule.final_share) * falling);
}

}  // namespace nas::train
