#pragma once

#include <ATen/core/Tensor.h>

namespace nas::ops {

/// Infinities become the dtype's largest numbers and NaN 0; the gradient passes unchanged.
[[nodiscard]] at::Tensor make_finite(const at::Tensor& x);

}  // namespace nas::ops
