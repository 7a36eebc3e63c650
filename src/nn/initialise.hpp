#pragma once

#include <ATen/core/Tensor.h>

#include <string_view>

#include "nn/primitive.hpp"

namespace nas::nn {

/// Fills a parameter, contiguous float32, by its rule. Element i takes standard normal number i of
/// the parameter's own draws (ops::fill_normal): Philox words (seed, kInitialisation,
/// subject_of_path(repeat, path), step 0, i / 4). So the values do not depend on threads or device.
void draw_initial_values(const at::Tensor& values, const InitialValues& rule, std::uint64_t seed,
                         std::uint32_t repeat, std::string_view path);

}  // namespace nas::nn
