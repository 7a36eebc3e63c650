#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

inline constexpr int kMostKernelParts = 4;

/// Causal depthwise convolutions of the parts of packed rows. Values are float32 or bfloat16.
struct ConvShape {
  std::int64_t batch = 0;
  std::int64_t seq = 0;
  std::int64_t channels = 0;  ///< of each part
  int parts = 1;
  int width = 1;
};

struct ConvForward {
  ConvShape shape;
  const void* x = nullptr;                     ///< [batch, seq, parts * channels]
  const void* weights[kMostKernelParts] = {};  ///< each [channels, width]
  void* y[kMostKernelParts] = {};              ///< each [batch, seq, channels]
  bool finite[kMostKernelParts] = {};          ///< no infinity and no NaN in y
};

struct ConvBackward {
  ConvShape shape;
  const void* x = nullptr;
  const void* weights[kMostKernelParts] = {};
  const void* y_gradient[kMostKernelParts] = {};  ///< each [batch, seq, channels]
  void* x_gradient = nullptr;                     ///< [batch, seq, parts * channels]
  /// [chunks, parts, width, channels] float32, chunks = conv_chunks(shape)
  float* weight_partials = nullptr;
  void* weight_gradient[kMostKernelParts] = {};  ///< each [channels, width]
};

/// Groups of stretches of time that each sum up a gradient of their own.
[[nodiscard]] std::int64_t conv_chunks(const ConvShape& shape);

// Return the cudaError_t of the launches.
int launch_conv_forward(const ConvForward& conv, bool is_bfloat16, CUstream_st* stream);
int launch_conv_backward(const ConvBackward& conv, bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
