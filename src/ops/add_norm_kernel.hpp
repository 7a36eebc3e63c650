#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

/// Rows of float32 or bfloat16 values; parameters and statistics are float32.
struct NormShape {
  std::int64_t rows = 0;
  std::int64_t width = 0;
  float eps = 0;
  bool is_rms = false;  ///< no mean is taken away
};

struct NormForward {
  NormShape shape;
  const void* x = nullptr;
  const void* added = nullptr;    ///< or null
  const float* weight = nullptr;  ///< [width]
  const float* bias = nullptr;    ///< [width] or null
  void* sum = nullptr;            ///< x + added; null where nothing is added
  void* y = nullptr;
  float* mean = nullptr;  ///< [rows]; unused with is_rms
  float* rstd = nullptr;  ///< [rows]
};

struct NormBackward {
  NormShape shape;
  const void* sum = nullptr;  ///< what was normalised
  const float* mean = nullptr;
  const float* rstd = nullptr;
  const float* weight = nullptr;
  const void* y_gradient = nullptr;
  const void* sum_gradient = nullptr;  ///< of what else reads the sum; or null
  void* x_gradient = nullptr;          ///< of x and of added
  float* partials = nullptr;           ///< [norm_partials(shape), 2, width]
  float* weight_gradient = nullptr;    ///< [width]
  float* bias_gradient = nullptr;      ///< [width] or null
};

/// Rows are dealt to this many warps, each of which adds up a gradient of its own.
[[nodiscard]] std::int64_t norm_partials(const NormShape& shape);

// Return the cudaError_t of the launches.
int launch_norm_forward(const NormForward& norm, bool is_bfloat16, CUstream_st* stream);
int launch_norm_backward(const NormBackward& norm, bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
