#pragma once

#include <cstdint>

#include "nas/config/sections.hpp"
#include "nas/space/architecture.hpp"

namespace nas::search {

/// FLOPs of one training step: three times those of the forward pass (backward computes gradients
/// of inputs and of weights), by the cost model, so that they repeat on every machine.
[[nodiscard]] double step_flops(const config::TrainingConfig& training,
                                const space::Architecture& architecture);

/// Steps of a training of this architecture by training.steps or training.budget: of a budget in
/// tokens or FLOPs as many as fit, at least 1. A budget in seconds gives 1e9, the most there may
/// be: the clock ends it.
[[nodiscard]] std::int64_t training_steps(const config::TrainingConfig& training,
                                          const space::Architecture& architecture);

}  // namespace nas::search
