#pragma once

#include <ATen/core/Tensor.h>

namespace nas::nn {

/// softmax over keys of (scale query key^T), masked in a causal model, times value; the operands
/// [batch, heads, seq, head_dim] of one dtype. By one of LibTorch's fused kernels, named and not
/// left to its choice, so that bits do not depend on grad mode and a mask is always a select; by
/// the plain form where none of them applies.
[[nodiscard]] at::Tensor attention(const at::Tensor& query, const at::Tensor& key,
                                   const at::Tensor& value, double scale, bool is_causal);

}  // namespace nas::nn
