#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nas/space/architecture.hpp"

namespace nas::exporting {

/// Fixed random tokens [batch, seq] int64 of a few batch sizes and lengths, none longer than the
/// model's learned positions.
[[nodiscard]] std::vector<at::Tensor> comparison_tokens(const space::ModelSpec& model);

}  // namespace nas::exporting
