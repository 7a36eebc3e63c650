#pragma once

#include <ATen/core/Tensor.h>

namespace nas::nn {

/// Row t of the seq axis, the last but one: the sum of rows <= t. float32. Differentiable once. On
/// CUDA by shifted additions, so that the order of a sum is fixed.
[[nodiscard]] at::Tensor running_sums(const at::Tensor& x);

/// Row t of the seq axis: the product of rows <= t. float32. Differentiable once, by products alone
/// and with no look at the values, so that a zero is as good as any other.
[[nodiscard]] at::Tensor running_products(const at::Tensor& x);

/// Entry i of the last axis: the product of all others. Not differentiable.
[[nodiscard]] at::Tensor products_of_others(const at::Tensor& x);

}  // namespace nas::nn
