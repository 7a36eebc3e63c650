#include "train/builtin.hpp"

namespace nas::train {

ScheduleSpec linear_schedule() {
  ScheduleSpec spec;
  spec.help = "falls to final_share of the peak in a straight line";
  spec.formula = "1 - (1 - f) p, p = (step - warmup) / (steps - warmup), f = final_share";
  spec.source = "baseline";
  spec.share_of_peak = [](const config::ScheduleConfig& schedule, const SchedulePoint& point) {
    const double progress = static_cast<double>(point.step - schedule.warmup_steps) /
                            static_cast<double>(point.total_steps - schedule.warmup_steps);
    return 1.0 - (1.0 - schedule.final_share) * progress;
  };
  return spec;
}

}  // namespace nas::train
