#pragma once

#include <ATen/core/Tensor.h>

#include "nas/space/primitive_fields.hpp"

namespace nas::nn {

/// x reduced along one axis; float32. Of equal extrema each gets an equal share of the gradient.
/// The gradient of a product is made of products alone, with no look at the values: LibTorch's own
/// waits for the device to know whether there is a zero.
[[nodiscard]] at::Tensor reduced(const at::Tensor& x, space::ReduceOp op, std::int64_t axis,
                                 bool keepdim);

/// [width, ...x]: entry j is x moved j tokens later along the seq axis, the last but one, with
/// `fill` where nothing moves in. So [:, t] are the width rows up to t, the last first.
[[nodiscard]] at::Tensor windows(const at::Tensor& x, std::int64_t width, double fill);

}  // namespace nas::nn
