#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// A run of draws of one key, as plain words.
struct PhiloxRun {
  std::uint64_t seed = 0;
  std::uint8_t purpose = 0;
  std::uint64_t subject = 0;
  std::uint32_t step = 0;
  std::uint32_t first_index = 0;
  std::int64_t count = 0;
};

/// Writes draws to out: [count, 4] words in device memory, 16-byte aligned. Returns the cudaError_t
/// of the launch.
int launch_philox_draws(const PhiloxRun& run, std::uint32_t* out, CUstream_st* stream);

}  // namespace nas::ops
