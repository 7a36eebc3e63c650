#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// What backward() gives a loss: the gradient of something made of it, or one, as when backward()
/// starts at the loss itself. The latter saves two passes over the results.
enum class LossGradient { kAny, kOne };

/// Mean over rows of the cross entropy of softmax(x weight^T) against targets, in nats: [] float32.
/// x: [rows, width] and weight: [classes, width], both float32 or both bfloat16; targets: [rows]
/// int64 in [0, classes). Logits are rounded to that dtype, everything after is float32.
/// Differentiable once; gradients repeat their bits. On a GPU the logits are held once, in that
/// dtype, and become their own gradient: one kernel beside the three products.
[[nodiscard]] at::Tensor linear_cross_entropy(const at::Tensor& x, const at::Tensor& weight,
                                              const at::Tensor& targets,
                                              LossGradient gradient = LossGradient::kAny);

/// The same by LibTorch's operations, in any dtype on any device.
[[nodiscard]] at::Tensor linear_cross_entropy_plain(const at::Tensor& x, const at::Tensor& weight,
                                                    const at::Tensor& targets);

}  // namespace nas::ops
