#include "nas/ops/step_record.hpp"

#include "nas/core/error.hpp"
#include "ops/launch.hpp"
#include "ops/step_record_kernel.hpp"

namespace nas::ops {

void record_step(const StepRecord& record, const at::Tensor& loss, const at::Tensor& norm) {
  NAS_ASSERT(record.losses.dim() == 1 && record.losses.is_contiguous());
  NAS_ASSERT(loss.numel() == 1 && norm.numel() == 1);
  const StepRecordWords words{record.step.mutable_data_ptr<std::int64_t>(),
                              record.losses.mutable_data_ptr<float>(),
                              record.losses.size(0),
                              record.first_bad.mutable_data_ptr<std::int64_t>(),
                              record.rates.const_data_ptr<float>(),
                              record.rates.numel(),
                              record.rate.mutable_data_ptr<float>()};
  launch_kernel(record.step.device(), [&](CUstream_st* stream) {
    return launch_record_step(words, loss.const_data_ptr<float>(), norm.const_data_ptr<float>(),
                              stream);
  });
}

}  // namespace nas::ops
