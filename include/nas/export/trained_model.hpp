#pragma once

#include <string>

#include "nas/nn/model.hpp"

namespace nas::exporting {

/// An architecture with the weights of a file, on the CPU. Throws Error(kIo) when it cannot be read
/// and Error(kStudy) when they are others than the hash (hex; empty: any) says.
[[nodiscard]] nn::Model trained_model(const space::Architecture& architecture,
                                      const std::string& weights_path,
                                      const std::string& weights_hash);

}  // namespace nas::exporting
