#pragma once

#include <cstdint>

#include "nas/nn/model.hpp"
#include "nas/store/study.hpp"

namespace nas::exporting {

/// A trial's architecture with its trained weights, on the CPU. For a duplicate, its original's.
/// Throws Error(kUsage) when the trial is not COMPLETE, Error(kIo) when its weights are gone (says
/// how `nas replay` makes them again), Error(kStudy) when their hash is not the stored one.
[[nodiscard]] nn::Model trained_model(const store::Study& study, std::int64_t trial);

/// An architecture with the weights of a file, on the CPU. Throws Error(kIo) when it cannot be read
/// and Error(kStudy) when they are others than the hash (hex; empty: any) says.
[[nodiscard]] nn::Model trained_model(const space::Architecture& architecture,
                                      const std::string& weights_path,
                                      const std::string& weights_hash);

}  // namespace nas::exporting
