#include "train/schedule.hpp"

#include "nas/train/tables.hpp"

namespace nas::train {

double learning_rate(const config::TrainingConfig& training, std::int64_t total_steps,
                     std::int64_t step) {
  const config::ScheduleConfig& schedule = training.schedule;
  const double peak = training.optimizer.learning_rate;
  if (step < schedule.warmup_steps) {
    return peak * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  }
  const ScheduleSpec& spec = builtin_schedules().at(schedule.name);
  // A warm-up as long as the training leaves nothing to fall over.
  if (total_steps <= schedule.warmup_steps) return peak;
  return peak * spec.share_of_peak(schedule, {step, total_steps});
}

}  // namespace nas::train
