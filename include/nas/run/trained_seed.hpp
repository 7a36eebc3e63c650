#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/space/architecture.hpp"

namespace nas::run {

/// A COMPLETE training of a folder of `nas train`.
struct TrainedSeed {
  std::uint32_t repeat = 0;
  double value = 0;            ///< LongTraining::kMetric after the last step
  std::vector<double> values;  ///< of all COMPLETE seeds of the folder
  space::Architecture architecture;
  config::RunConfig config;  ///< seed, device, data and training; the rest is the default
  std::string weights_path;
  std::string weights_hash;
  std::string corpus;       ///< a sentence about what it was trained on
  std::string corpus_hash;  ///< hex
};

/// Whether `nas train` began in this folder.
[[nodiscard]] bool is_long_training(const std::string& folder);

/// The training with this repeat, or the best of those that ended (repeat 0). Throws Error(kUsage)
/// when none did, or not this one; Error(kStudy) for a damaged file, Error(kIo).
[[nodiscard]] TrainedSeed trained_seed(const std::string& folder, std::uint32_t repeat);

}  // namespace nas::run
