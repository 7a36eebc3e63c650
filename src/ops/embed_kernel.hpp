#pragma once

#include <cstdint>

struct CUstream_st;

namespace nas::ops {

struct EmbedShape {
  std::int64_t batch = 0;
  std::int64_t seq = 0;
  std::int64_t width = 0;
  std::int64_t vocab = 0;
  std::int64_t max_len = 0;  ///< 0: no positions
};

struct EmbedForward {
  EmbedShape shape;
  const std::int64_t* tokens = nullptr;  ///< [batch, seq]
  const float* table = nullptr;          ///< [vocab, width]
  const float* positions = nullptr;      ///< [max_len, width] or null
  void* y = nullptr;                     ///< [batch, seq, width] float32 or bfloat16
};

struct EmbedBackward {
  EmbedShape shape;
  const std::int64_t* tokens = nullptr;
  const void* y_gradient = nullptr;     ///< [batch, seq, width]
  float* table_gradient = nullptr;      ///< [vocab, width], written whole
  float* positions_gradient = nullptr;  ///< [max_len, width], written whole, or null
};

// Return the cudaError_t of the launches. batch, seq, width > 0.
int launch_embed_forward(const EmbedForward& embed, bool is_bfloat16, CUstream_st* stream);
int launch_embed_backward(const EmbedBackward& embed, bool is_bfloat16, CUstream_st* stream);

}  // namespace nas::ops
