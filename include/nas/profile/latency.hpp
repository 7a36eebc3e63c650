#pragma once

#include "nas/config/run_config.hpp"
#include "nas/nn/model.hpp"
#include "nas/space/trial.hpp"

namespace nas::profile {

/// Median forward latency of warm repeats: CUDA events on a GPU, a steady clock on the CPU. The
/// score's name says where and how: latency_us[b1,s64,fp32,forward,eager,hot,fused]; spread is half
/// the interquartile range. Unit: microseconds.
[[nodiscard]] space::Score measure_latency(const nn::Model& model,
                                           const config::ProfileConfig& profile);

}  // namespace nas::profile
