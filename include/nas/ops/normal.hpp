#pragma once

#include <ATen/core/Tensor.h>

#include <span>

#include "nas/core/philox.hpp"

namespace nas::ops {

/// Element i, counted along the last axis first, is mean[i % mean.size()] + std z_i, with z_i
/// number i of a key's standard normal numbers: draw i / 4 gives four by normal_pair.
struct NormalRule {
  double std = 1;
  std::span<const double> mean;  ///< at least one
};

/// Fills values, contiguous float32 of at most 2^34 elements, with the same bits on every device.
/// On CUDA one kernel, for up to 32 means, else by the host.
void fill_normal(const at::Tensor& values, const NormalRule& rule, const DrawKey& key);

}  // namespace nas::ops
