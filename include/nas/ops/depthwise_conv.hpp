#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace nas::ops {

inline constexpr int kMostConvParts = 4;
inline constexpr int kMostConvWidth = 32;

/// Causal depthwise convolutions of the parts of packed rows, each part with taps of its own:
///   y_p[b, t, c] = sum_j w_p[c, j] x[b, t - j, p channels + c],   terms before a row left out.
/// x: [batch, seq, parts * channels]; weights: 1 to 4 of [channels, width], width 1 to 32, in x's
/// dtype, float32 or bfloat16; sums in float32. finite: empty or of each part whether make_finite
/// follows. Returns y_0, y_1, ..., each [batch, seq, channels].
/// Differentiable once; gradients repeat their bits. On a GPU one kernel forwards and two
/// backwards (the width 3 reads each value once), elsewhere shifted multiply-adds.
/// Source: So et al. 2021 (arXiv:2109.08668), multi-dconv-head attention.
[[nodiscard]] std::vector<at::Tensor> depthwise_conv(const at::Tensor& x,
                                                     const std::vector<at::Tensor>& weights,
                                                     const std::vector<bool>& finite = {});

/// The same written out by LibTorch's operations, in any dtype on any device: a reference.
[[nodiscard]] std::vector<at::Tensor> depthwise_conv_plain(const at::Tensor& x,
                                                           const std::vector<at::Tensor>& weights,
                                                           const std::vector<bool>& finite = {});

}  // namespace nas::ops
