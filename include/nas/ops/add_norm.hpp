#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

struct NormParameters {
  at::Tensor weight;  ///< [width] float32
  at::Tensor bias;    ///< [width] float32; undefined: a root mean square norm, without mean
  double eps = 1e-5;
};

struct AddedAndNormed {
  at::Tensor sum;  ///< x + added, x itself where nothing is added
  at::Tensor y;    ///< LayerNorm or RMSNorm of sum over its last axis
};

/// A residual addition and the norm behind it. x, added: [..., width] of one shape and dtype,
/// float32 or bfloat16, which the results have too; added may be undefined. Statistics are float32;
/// the sum is rounded to its dtype before it is normalised, as by two operations. Differentiable
/// once; gradients repeat their bits. On a GPU one kernel forwards and two backwards. Source: Ba et
/// al. 2016 (arXiv:1607.06450); Zhang and Sennrich 2019 (arXiv:1910.07467).
[[nodiscard]] AddedAndNormed add_norm(const at::Tensor& x, const at::Tensor& added,
                                      const NormParameters& parameters);

/// The same by LibTorch's operations, in any dtype on any device.
[[nodiscard]] AddedAndNormed add_norm_plain(const at::Tensor& x, const at::Tensor& added,
                                            const NormParameters& parameters);

}  // namespace nas::ops
