#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nas/core/philox.hpp"

namespace nas::ops {

/// Uniform draws of where windows of a token sequence begin, one key for each training step.
struct WindowKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::kTest;
  std::uint64_t subject = 0;
};

/// Fills windows: [rows, length] int64 with stretches of tokens: [count] uint8, int16 (as unsigned)
/// or int32, both contiguous on one CUDA device. Row r begins at position
/// floor(bits positions / 2^64), where bits are the first 64 of the draw r of key and step, and
/// positions = count - length + 1. step: [] int64 on the device, read when the kernel runs, so a
/// captured graph draws anew at each replay. No host work, one kernel on the current stream.
void gather_windows(const WindowKey& key, const at::Tensor& step, const at::Tensor& tokens,
                    const at::Tensor& windows);

}  // namespace nas::ops
