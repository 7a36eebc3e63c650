#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// What a training keeps on its CUDA device so that no step asks the host for anything.
struct StepRecord {
  at::Tensor step;       ///< [] int64: steps done
  at::Tensor losses;     ///< [capacity] float32: that of step s (from 0) at s % capacity
  at::Tensor first_bad;  ///< [] int64: the first step (from 1) whose loss or norm was not finite
  at::Tensor rates;      ///< [steps] float32: learning rate of each step, or empty
  at::Tensor rate;       ///< [] float32: that of the next step
};

/// Records a step: its loss and the norm of its gradient, both [] float32 on the device; then
/// counts it and, where there are rates, sets that of the next step. One kernel on the current
/// stream.
void record_step(const StepRecord& record, const at::Tensor& loss, const at::Tensor& norm);

}  // namespace nas::ops
