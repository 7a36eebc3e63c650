#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

struct CrossEntropy {
  std::int64_t rows = 0;
  std::int64_t classes = 0;
  void* logits = nullptr;                 ///< [rows, classes] float32 or bfloat16
  const std::int64_t* targets = nullptr;  ///< [rows]
  float* losses = nullptr;                ///< [rows] nats
  float gradient_scale = 0;
  /// Whether logits become their gradient: gradient_scale (softmax - onehot).
  bool writes_gradient = false;
};

// Return the cudaError_t of the launch.
int launch_cross_entropy(const CrossEntropy& problem, bool is_bfloat16, CUstream_st* stream);

/// *mean = the mean of losses, added up in a fixed order.
int launch_mean(const float* losses, std::int64_t count, float* mean, CUstream_st* stream);

}  // namespace nas::ops
