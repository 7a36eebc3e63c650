#pragma once

#include <functional>
#include <vector>

#include "nas/train/step_timing.hpp"

namespace nas::train {

/// What a GPU did while `work` ran, by name, the longest first. Copies and fills count as kernels.
/// `work` waits for the GPU at its end.
[[nodiscard]] std::vector<KernelTime> kernel_times(const std::function<void()>& work);

}  // namespace nas::train
