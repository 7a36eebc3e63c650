#pragma once

#include <string>
#include <string_view>

#include "nas/nn/safetensors.hpp"

namespace nas::nn {

/// read_safetensors of bytes in memory; `where` begins every message.
[[nodiscard]] SafetensorsFile read_safetensors_bytes(std::string_view bytes,
                                                     const std::string& where);

}  // namespace nas::nn
