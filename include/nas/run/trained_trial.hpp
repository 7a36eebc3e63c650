#pragma once

#include <cstdint>
#include <string>

#include "nas/space/architecture.hpp"
#include "nas/store/study.hpp"

namespace nas::run {

/// A COMPLETE trial of a study and where its weights are.
struct TrainedTrial {
  space::Architecture architecture;
  double value = 0;  ///< of the first objective
  std::string weights_path;
  std::string weights_hash;  ///< hex; empty when the study does not know it
};

/// The weights of a duplicate are its original's. Throws Error(kUsage) when the trial is not
/// COMPLETE, Error(kIo) when its weights are gone (says how `nas replay` makes them again).
[[nodiscard]] TrainedTrial trained_trial(const store::Study& study, std::int64_t trial);

}  // namespace nas::run
