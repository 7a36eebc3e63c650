#include "nn/attention.hpp"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/_scaled_dot_product_cudnn_attention.h>
#include <ATen/ops/_scaled_dot_product_efficient_attention.h>
#include <ATen/ops/_scaled_dot_product_flash_attention.h>
#include <ATen/ops/_scaled_dot_product_flash_attention_for_cpu.h>
#include <ATen/ops/ones.h>

#include <limits>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

// The kernels read rows: the last axis must be dense.
at::Tensor dense_rows(const at::Tensor& x) { return x.stride(-1) == 1 ? x : x.contiguous(); }

at::Tensor plain_attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                           double scale, bool is_causal) {
  at::Tensor scores = query.matmul(key.transpose(-2, -1)).to(at::kFloat).mul(scale);
  if (is_causal) {
    const std::int64_t seq = query.size(-2);
    const at::Tensor future = at::ones({seq, seq}, scores.options().dtype(at::kBool)).triu(1);
    scores = scores.masked_fill(future, -std::numeric_limits<float>::infinity());
  }
  return scores.softmax(-1).to(value.scalar_type()).matmul(value);
}

// Both CUDA kernels load 16 bytes at a time.
bool is_aligned(const at::Tensor& x) {
  constexpr std::int64_t kBytes = 16;
  const std::int64_t item = x.element_size();
  for (std::int64_t axis = 0; axis < 3; ++axis) {
    if (x.stride(axis) * item % kBytes != 0) return false;
  }
  return x.size(-1) * item % kBytes == 0 &&
         reinterpret_cast<std::uintptr_t>(x.const_data_ptr()) % kBytes == 0;
}

/// The fused kernels mask the scores with -inf and then scale them: only a positive scale keeps
/// that a mask.
struct ScaledQuery {
  at::Tensor query;
  double scale;
};

ScaledQuery with_positive_scale(const at::Tensor& query, double scale) {
  if (scale > 0) return {dense_rows(query), scale};
  return {dense_rows(query.mul(scale)), 1.0};
}

/// Where cuDNN's kernels are taken. From how many tokens on is our choice: 1,024 is measured, and
/// every new shape costs a plan, which a short training does not earn back.
bool suits_cudnn(const at::Tensor& query) {
  constexpr std::int64_t kShortest = 512;
  constexpr std::int64_t kLargestHead = 128;
  return at::globalContext().hasCuDNN() && query.scalar_type() == at::kBFloat16 &&
         query.size(-2) >= kShortest && query.size(-1) <= kLargestHead;
}

}  // namespace

at::Tensor attention(const at::Tensor& query, const at::Tensor& key, const at::Tensor& value,
                     const AttentionOptions& options) {
  const auto [q, scale] = with_positive_scale(query, options.scale);
  const bool is_causal = options.is_causal;
  const at::Tensor k = dense_rows(key);
  const at::Tensor v = dense_rows(finite_rows(value, is_causal && !options.value_is_finite));
  if (q.is_cpu()) {
    return std::get<0>(
        at::_scaled_dot_product_flash_attention_for_cpu(q, k, v, 0.0, is_causal, {}, scale));
  }
  if (!is_aligned(q) || !is_aligned(k) || !is_aligned(v)) {
    return plain_attention(q, k, v, scale, is_causal);
  }
  const bool needs_gradient =
      at::GradMode::is_enabled() && (q.requires_grad() || k.requires_grad() || v.requires_grad());
  if (!options.deterministic && suits_cudnn(q)) {
    return std::get<0>(at::_scaled_dot_product_cudnn_attention(q, k, v, {}, needs_gradient, 0.0,
                                                               is_causal, false, scale));
  }
  constexpr std::int64_t kLargestFlashHead = 256;
  if (q.scalar_type() == at::kBFloat16 && q.size(-1) <= kLargestFlashHead) {
    return std::get<0>(
        at::_scaled_dot_product_flash_attention(q, k, v, 0.0, is_causal, false, scale));
  }
  return std::get<0>(at::_scaled_dot_product_efficient_attention(q, k, v, {}, needs_gradient, 0.0,
                                                                 is_causal, scale));
}

}  // namespace nas::nn
