#pragma once

#include <ATen/core/Tensor.h>

namespace nas::nn {

struct AttentionOptions {
  double scale = 1;
  bool is_causal = true;
  bool value_is_finite = false;  ///< no infinity and no NaN in value
  bool deterministic = true;     ///< gradients repeat their bits on a GPU too
};

/// softmax over keys of (scale query key^T), masked in a causal model, times value; the operands
/// [batch, heads, seq, head_dim] of one dtype. By one of LibTorch's fused kernels, named and not
/// left to its choice, so that bits do not depend on grad mode and a mask is always a select; by
/// the plain form where none of them applies. On a GPU in bfloat16: FlashAttention, and cuDNN's for
/// sequences of 512 tokens and more where the bits may vary (docs/performance.md has the figures of
/// 1,024; the bound is our choice).
[[nodiscard]] at::Tensor attention(const at::Tensor& query, const at::Tensor& key,
                                   const at::Tensor& value, const AttentionOptions& options);

}  // namespace nas::nn
