#include "nas/search/training_steps.hpp"

#include <algorithm>

#include "nas/space/cost.hpp"

namespace nas::search {
namespace {

constexpr std::int64_t kMostSteps = 1'000'000'000;

}  // namespace

double step_flops(const config::TrainingConfig& training, const space::Architecture& architecture) {
  constexpr double kPassesOfTraining = 3;
  const space::CostPoint point{training.batch_size, training.seq_len, 4};
  const auto tokens = static_cast<double>(training.batch_size * training.seq_len);
  return kPassesOfTraining * cost_of(architecture, point).flops_per_token * tokens;
}

std::int64_t training_steps(const config::TrainingConfig& training,
                            const space::Architecture& architecture) {
  if (const auto steps = config::fixed_steps(training)) return *steps;
  const std::optional<double> flops = training.budget.flops;
  if (!flops) return kMostSteps;  // the clock ends it
  const double steps = *flops / step_flops(training, architecture);
  return static_cast<std::int64_t>(std::clamp(steps, 1.0, static_cast<double>(kMostSteps)));
}

}  // namespace nas::search
