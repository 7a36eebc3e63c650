#pragma once

#include "nas/train/tables.hpp"

namespace nas::train {

// One file each, in optimizers/ and schedules/.
OptimizerFactory adafactor_optimizer();
OptimizerFactory adamw_optimizer();

ScheduleSpec constant_schedule();
ScheduleSpec cosine_schedule();
ScheduleSpec linear_schedule();
ScheduleSpec rsqrt_schedule();

}  // namespace nas::train
