#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// StepRecord as plain pointers into device memory.
struct StepRecordWords {
  std::int64_t* step = nullptr;
  float* losses = nullptr;
  std::int64_t capacity = 0;
  std::int64_t* first_bad = nullptr;
  const float* rates = nullptr;
  std::int64_t rate_count = 0;
  float* rate = nullptr;
};

/// Writes losses[*step % capacity] = *loss, lowers *first_bad to *step + 1 when loss or norm is not
/// finite, adds 1 to *step and sets *rate = rates[*step] where that is. Returns the cudaError_t of
/// the launch.
int launch_record_step(const StepRecordWords& record, const float* loss, const float* norm,
                       CUstream_st* stream);

}  // namespace nas::ops
