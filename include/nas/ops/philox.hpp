#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "nas/core/philox.hpp"

namespace nas::ops {

/// Draws first_index, ..., first_index + count - 1 of a key: [count, 4] int32 on `device`, whose
/// bits are those of nas::draw. On CUDA one kernel on the current stream. count >= 0 and
/// first_index + count <= 2^32. Throws Error(kDevice) when the device is CUDA and this program was
/// built without kernels.
[[nodiscard]] at::Tensor philox_draws(const DrawKey& key, std::uint32_t first_index,
                                      std::int64_t count, at::Device device);

}  // namespace nas::ops
