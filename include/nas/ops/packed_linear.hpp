#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace nas::ops {

/// Several linear maps of one input, without biases: x weight_i^T, one behind the other on the last
/// axis. x: [..., in]; weights: each [out_i, in], of x's dtype. One product of matrices forwards
/// and two backwards; weights that lie one behind the other in memory are read where they are,
/// others are copied together first. Differentiable once. Any dtype, any device.
[[nodiscard]] at::Tensor packed_linear(const at::Tensor& x, const std::vector<at::Tensor>& weights);

/// Parts of the last axis, as views whose gradients are put together by one copy (autograd's own
/// slices fill and add a whole tensor for each part).
[[nodiscard]] std::vector<at::Tensor> split_last(const at::Tensor& packed,
                                                 const std::vector<std::int64_t>& sizes);

}  // namespace nas::ops
