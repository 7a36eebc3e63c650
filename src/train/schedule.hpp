#pragma once

#include <cstdint>

#include "nas/config/sections.hpp"

namespace nas::train {

/// Learning rate of the training step `step` (from 0) of `total_steps`: linear warm-up,
/// peak * (step + 1) / warmup for step < warmup; then the peak times the share that the schedule of
/// this name gives (builtin_schedules). Throws Error(kConfig) for an unknown name.
[[nodiscard]] double learning_rate(const config::TrainingConfig& training, std::int64_t total_steps,
                                   std::int64_t step);

}  // namespace nas::train
