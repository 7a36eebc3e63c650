#pragma once

#include <cstdint>

#include "nas/config/run_config.hpp"

namespace nas::train {

/// Learning rate of the training step `step` (from 0): linear warm-up, peak * (step + 1) / warmup
/// for step < warmup; then, with p = (step - warmup) / (steps - warmup), "cosine" falls as
/// peak * (final_share + (1 - final_share) * (1 + cos(pi p)) / 2), "constant" stays at the peak.
/// Source: Loshchilov and Hutter 2017 (arXiv:1608.03983), eq. 5, without restarts.
[[nodiscard]] double learning_rate(const config::TrainingConfig& training, std::int64_t step);

}  // namespace nas::train
