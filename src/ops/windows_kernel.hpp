#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// What gather_windows reads, as plain words. Row r begins at the draw r of the key (seed, purpose,
/// subject, *step), uniform over [0, positions).
struct WindowDraws {
  std::uint64_t seed = 0;
  std::uint8_t purpose = 0;
  std::uint64_t subject = 0;
  const std::int64_t* step = nullptr;  ///< in device memory
  std::int64_t positions = 0;
};

/// windows: [rows, length]; tokens: unsigned numbers of `width` bytes (1, 2 or 4). Returns the
/// cudaError_t of the launch.
int launch_gather_windows(const WindowDraws& draws, const void* tokens, int width,
                          std::int64_t* windows, std::int64_t rows, std::int64_t length,
                          CUstream_st* stream);

}  // namespace nas::ops
