#include <algorithm>
#include <cmath>

#include "train/builtin.hpp"

namespace nas::train {

ScheduleSpec rsqrt_schedule() {
  ScheduleSpec spec;
  spec.help = "falls with the root of the step, whatever the length of the training";
  spec.formula = "sqrt(max(warmup, 1) / t), t = step from 1";
  spec.source =
      "Raffel et al. 2020 (arXiv:1910.10683), section 3.1.2: 1 / sqrt(max(t, warmup)), which this "
      "is after the warm-up for a learning_rate of 1 / sqrt(warmup)";
  spec.share_of_peak = [](const config::ScheduleConfig& schedule, const SchedulePoint& point) {
    const double warmup = static_cast<double>(std::max<std::int64_t>(schedule.warmup_steps, 1));
    return std::sqrt(warmup / static_cast<double>(point.step + 1));
  };
  return spec;
}

}  // namespace nas::train
