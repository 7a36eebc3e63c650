#pragma once

#include <string>

namespace nas::nn {

/// The methods that PrimitiveSpec::torchscript may call, as TorchScript text; see there.
[[nodiscard]] std::string torchscript_methods(bool is_causal);

}  // namespace nas::nn
