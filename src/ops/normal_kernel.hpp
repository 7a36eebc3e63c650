#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

inline constexpr int kMostMeans = 32;
inline constexpr int kNormalsOfDraw = 4;

struct NormalFill {
  float* values = nullptr;
  std::int64_t count = 0;
  double std = 1;
  int period = 1;  ///< of mean
  double mean[kMostMeans] = {};
  std::uint64_t seed = 0;
  std::uint64_t subject = 0;
  std::uint32_t step = 0;
  std::uint8_t purpose = 0;
};

// Returns the cudaError_t of the launch.
int launch_fill_normal(const NormalFill& fill, CUstream_st* stream);

}  // namespace nas::ops
