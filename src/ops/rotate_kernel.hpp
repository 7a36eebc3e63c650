#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// Where the rows of a tensor [batch, heads, seq, features] are; features lie side by side.
struct RowStrides {
  std::int64_t batch = 0;
  std::int64_t head = 0;
  std::int64_t time = 0;
};

struct Rotation {
  const void* x = nullptr;
  void* y = nullptr;
  const float* cosine = nullptr;  ///< [seq, half]
  const float* sine = nullptr;
  float sign = 1;  ///< -1 turns back
  std::int64_t batch = 0;
  std::int64_t heads = 0;
  std::int64_t seq = 0;
  std::int64_t half = 0;
  RowStrides x_strides;
  RowStrides y_strides;
};

// Returns the cudaError_t of the launch.
int launch_rotate(const Rotation& rotation, bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
