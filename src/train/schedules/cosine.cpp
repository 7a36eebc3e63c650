#include <cmath>
#include <numbers>

#include "train/builtin.hpp"

namespace nas::train {

ScheduleSpec cosine_schedule() {
  ScheduleSpec spec;
  spec.help = "falls to final_share of the peak by half a cosine, without restarts";
  spec.formula =
      "f + (1 - f) (1 + cos(pi p)) / 2, p = (step - warmup) / (steps - warmup), f = final_share";
  spec.source = "Loshchilov and Hutter 2017 (arXiv:1608.03983), eq. 5";
  spec.share_of_peak = [](const config::ScheduleConfig& schedule, const SchedulePoint& point) {
    const double progress = static_cast<double>(point.step - schedule.warmup_steps) /
                            static_cast<double>(point.total_steps - schedule.warmup_steps);
    const double falling = 0.5 * (1.0 + std::cos(std::numbers::pi * progress));
    return schedule.final_share + (1.0 - schedule.final_share) * falling;
  };
  return spec;
}

}  // namespace nas::train
