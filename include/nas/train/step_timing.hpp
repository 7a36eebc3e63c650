#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/nn/model.hpp"
#include "nas/space/architecture.hpp"

namespace nas::train {

/// A training whose steps are timed, on random tokens (data/random_tokens.hpp).
struct StepTimingRequest {
  space::Architecture architecture;
  config::TrainingConfig training;  ///< batch_size, seq_len, optimizer, schedule, capture
  nn::LowerOptions lowering;
  std::uint64_t seed = 0;
  int groups = 9;  ///< one time for each
  int steps_of_a_group = 50;
  bool lists_kernels = false;  ///< of one more group, on a GPU
};

/// A kernel, copy or fill of a GPU.
struct KernelTime {
  std::string name;
  std::int64_t calls = 0;
  double seconds = 0;  ///< all calls together
};

struct StepTiming {
  /// From a model's construction to the end of its first step, and of the second: the first to be
  /// replayed.
  double first_step_seconds = 0;
  double second_step_seconds = 0;
  /// From the construction of the same again, after all else, to the end of its second step: all
  /// libraries and shapes are known.
  double again_seconds = 0;
  std::vector<double> step_ms;  ///< of each group the wall clock of its steps over their number
  /// Most bytes of device memory that LibTorch held reserved at once; 0 on the CPU.
  std::int64_t reserved_bytes = 0;
  std::vector<KernelTime> kernels;  ///< of steps_of_a_group steps, the longest first
};

/// Trains groups * steps_of_a_group steps and more to warm up. Throws as train does what ends a
/// training otherwise.
[[nodiscard]] StepTiming time_training_steps(const StepTimingRequest& request);

}  // namespace nas::train
