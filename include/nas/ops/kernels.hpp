#pragma once

#include <c10/core/Device.h>

#include <string>

#include "nas/ops/cuda.hpp"

namespace nas::ops {

/// Whether this program was built with CUDA kernels.
[[nodiscard]] bool has_cuda_kernels();

/// Whether this program's kernels run on a device: not on the CPU, not in a program built without
/// them, not on a GPU that why_no_kernels refuses. There LibTorch's operations take their place,
/// which a warning says once.
[[nodiscard]] bool has_kernels_on(const c10::Device& device);

/// Why this program's kernels do not run on a GPU: "compute capability 7.5, ..."; empty when they
/// do.
[[nodiscard]] std::string why_no_kernels(const CudaDevice& gpu);

}  // namespace nas::ops
