#pragma once

#include <ATen/core/Tensor.h>

#include <span>

namespace nas::ops {

/// A parameter that AdamW trains: float32 tensors of one shape, contiguous, on one CUDA device.
struct AdamWParameter {
  at::Tensor weight;
  at::Tensor first_moment;
  at::Tensor second_moment;
  at::Tensor narrow;  ///< the weight in bfloat16, which a step writes too; undefined: none
  double weight_decay = 0;
};

struct AdamWOptions {
  double beta1 = 0.9;
  double beta2 = 0.999;
  double epsilon = 1e-8;
  double clip_norm = 0;  ///< 0: gradients are not clipped
};

/// Norm of the gradient of all parameters, sqrt of the sum of squares, added up in float32 in an
/// order that depends on their sizes alone: [] float32. A parameter's gradient is the sum of
/// weight.grad() and narrow.grad(), zero where neither is defined. Two kernels for every 480
/// parameters, no host work: it may be captured.
[[nodiscard]] at::Tensor gradient_norm(std::span<const AdamWParameter> parameters);

/// With t = *step (from 1) and lr = *rate, both [] float32 on the device, and g the gradient times
/// min(1, clip_norm / (norm + 1e-6)) unless clip_norm is 0:
///   w := w (1 - lr weight_decay)
///   m := beta1 m + (1 - beta1) g          v := beta2 v + (1 - beta2) g^2
///   w := w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// One kernel for every 480 parameters. Source: Loshchilov and Hutter 2019 (arXiv:1711.05101).
void adamw_step(std::span<const AdamWParameter> parameters, const AdamWOptions& options,
                const at::Tensor& step, const at::Tensor& rate, const at::Tensor& norm);

/// adamw_step without clipping and gradient_norm in one pass over the gradients; returns the norm.
[[nodiscard]] at::Tensor adamw_step_with_norm(std::span<const AdamWParameter> parameters,
                                              const AdamWOptions& options, const at::Tensor& step,
                                              const at::Tensor& rate);

}  // namespace nas::ops
