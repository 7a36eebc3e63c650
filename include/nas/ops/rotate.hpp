#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// Rotary positions of the rows of x: with a and b the two halves of the last axis, row t of the
/// axis before it becomes (a cosine[t] - b sine[t], b cosine[t] + a sine[t]). x: [..., seq, 2 half]
/// of 3 or 4 axes, any strides; cosine, sine: [seq, half] float32, without gradient. In x's dtype
/// and, where x has no gaps, its strides. Differentiable once. On a GPU one kernel forwards and one
/// backwards for float32 and bfloat16, computed in float32. Source: Su et al. 2021
/// (arXiv:2104.09864), in the form of halves that GPT-NeoX and LLaMA use.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cosine,
                                const at::Tensor& sine);

/// The same by LibTorch's operations, in any dtype on any device: each product is rounded.
[[nodiscard]] at::Tensor rotate_plain(const at::Tensor& x, const at::Tensor& cosine,
                                      const at::Tensor& sine);

}  // namespace nas::ops
