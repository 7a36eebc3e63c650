#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// A tensor that AdamW trains, as pointers into device memory. Its gradient is the sum of those
/// that there are.
struct AdamWSlice {
  float* weight = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;
  const float* gradient = nullptr;                 ///< or null
  const std::uint16_t* narrow_gradient = nullptr;  ///< bfloat16, or null
  std::uint16_t* narrow = nullptr;                 ///< bfloat16 copy of the weight, or null
  std::int64_t count = 0;
  float weight_decay = 0;
  std::int32_t first_block = 0;  ///< of the blocks that work on it
};

/// Elements that one block works on.
inline constexpr std::int64_t kAdamWBlockElements = 8192;
/// Slices of one launch: they are the kernel's argument, of at most 32,764 bytes.
inline constexpr int kMostAdamWSlices = 480;

struct AdamWSlices {
  AdamWSlice slices[kMostAdamWSlices];
  std::int32_t slice_count = 0;
  std::int32_t block_count = 0;
};

struct AdamWNumbers {
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float epsilon = 1e-8F;
  float clip_norm = 0;  ///< 0: not clipped
};

/// squares[first_square + b] = the sum of squares of what block b of the slices' gradients holds.
int launch_gradient_squares(const AdamWSlices& slices, float* squares, CUstream_st* stream);

/// *norm = sqrt(sum of squares), added up in a fixed order.
int launch_norm_of_squares(const float* squares, std::int64_t count, float* norm,
                           CUstream_st* stream);

/// One update; *step counts from 1. norm may be null without clipping; squares, if not null, is
/// written as by launch_gradient_squares.
int launch_adamw(const AdamWSlices& slices, const AdamWNumbers& numbers, const float* step,
                 const float* rate, const float* norm, float* squares, CUstream_st* stream);

}  // namespace nas::ops
