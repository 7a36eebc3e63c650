#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// y = max(x, 0)^2 of any shape, in x's dtype. Differentiable once. On a GPU one kernel forwards
/// and one backwards for float32 and bfloat16; NaN stays NaN. Source: So et al. 2021
/// (arXiv:2109.08668), squared ReLU.
[[nodiscard]] at::Tensor squared_relu(const at::Tensor& x);

/// The same by LibTorch's operations.
[[nodiscard]] at::Tensor squared_relu_plain(const at::Tensor& x);

}  // namespace nas::ops
