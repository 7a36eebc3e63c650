#include "train/builtin.hpp"

namespace nas::train {

ScheduleSpec constant_schedule() {
  ScheduleSpec spec;
  spec.help = "stays at the peak";
  spec.formula = "1";
  spec.source = "baseline";
  spec.share_of_peak = [](const config::ScheduleConfig&, const SchedulePoint&) { return 1.0; };
  return spec;
}

}  // namespace nas::train
