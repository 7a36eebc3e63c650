#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "nas/config/sections.hpp"
#include "nas/core/registry.hpp"

namespace nas::nn {
struct TrainedTensor;
}

namespace nas::train {

class Optimizer;

/// One entry of the table of optimizers: a file of src/train/optimizers.
struct OptimizerFactory {
  std::string help;
  std::string source;  ///< paper
  /// With its state at zero, for these parameters, on their device.
  std::function<std::unique_ptr<Optimizer>(const config::OptimizerConfig& options,
                                           const std::vector<nn::TrainedTensor>& parameters)>
      make;
};

/// Where a learning rate is asked for, after the warm-up.
struct SchedulePoint {
  std::int64_t step = 0;         ///< training step, from 0, at least warmup_steps
  std::int64_t total_steps = 0;  ///< of the training, more than warmup_steps
};

/// One entry of the table of schedules: a file of src/train/schedules.
struct ScheduleSpec {
  std::string help;
  std::string formula;  ///< of the learning rate over its peak
  std::string source;   ///< paper
  std::function<double(const config::ScheduleConfig& schedule, const SchedulePoint& point)>
      share_of_peak;
};

/// adamw, adafactor.
[[nodiscard]] const Registry<OptimizerFactory>& builtin_optimizers();
/// cosine, linear, rsqrt, constant.
[[nodiscard]] const Registry<ScheduleSpec>& builtin_schedules();

}  // namespace nas::train
