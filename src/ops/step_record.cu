#include <cuda_runtime.h>

#include "ops/launch.cuh"
#include "ops/step_record_kernel.hpp"

namespace nas::ops {

namespace {

__global__ void record_step_kernel(StepRecordWords record, const float* loss, const float* norm) {
  begin_kernel();
  const std::int64_t step = *record.step;
  record.losses[step % record.capacity] = *loss;
  if (!(isfinite(*loss) && isfinite(*norm)) && step + 1 < *record.first_bad) {
    *record.first_bad = step + 1;
  }
  *record.step = step + 1;
  if (step + 1 < record.rate_count) *record.rate = record.rates[step + 1];
}

}  // namespace

int launch_record_step(const StepRecordWords& record, const float* loss, const float* norm,
                       CUstream_st* stream) {
  return launch(record_step_kernel, 1, 1, 0, stream, record, loss, norm);
}

}  // namespace nas::ops
