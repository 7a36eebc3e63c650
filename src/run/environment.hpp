#pragma once

#include <string>

#include "nas/core/json.hpp"

namespace nas::run {

/// LibTorch's version, the instruction set its kernels chose, and the device's name and driver.
[[nodiscard]] Json torch_environment(const std::string& device);

}  // namespace nas::run
