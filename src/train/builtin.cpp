#include "train/builtin.hpp"

namespace nas::train {

const Registry<OptimizerFactory>& builtin_optimizers() {
  static const Registry<OptimizerFactory> table = [] {
    Registry<OptimizerFactory> made("optimizer");
    made.add("adamw", adamw_optimizer());
    made.add("adafactor", adafactor_optimizer());
    return made;
  }();
  return table;
}

const Registry<ScheduleSpec>& builtin_schedules() {
  static const Registry<ScheduleSpec> table = [] {
    Registry<ScheduleSpec> made("schedule");
    made.add("cosine", cosine_schedule());
    made.add("linear", linear_schedule());
    made.add("rsqrt", rsqrt_schedule());
    made.add("constant", constant_schedule());
    return made;
  }();
  return table;
}

}  // namespace nas::train
