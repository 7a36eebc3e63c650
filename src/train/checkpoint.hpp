#pragma once

#include <optional>
#include <string>

#include "nas/nn/model.hpp"
#include "nas/train/training.hpp"
#include "train/optimizer.hpp"
#include "train/progress.hpp"

namespace nas::train {

/// Names the training whose state a checkpoint holds: everything that decides its bits. Equal
/// identities continue each other.
[[nodiscard]] std::string training_identity(const TrainingRequest& request);

/// Writes weights, the optimizer's state and progress to a safetensors file, atomically. Throws
/// Error(kIo).
void save_checkpoint(const std::string& path, const std::string& identity, const nn::Model& model,
                     const Optimizer& optimizer, const Progress& progress);

/// Restores what save_checkpoint wrote; nothing, and nothing changed, when there is no such file,
/// or (with a warning) when it is torn or belongs to another training.
[[nodiscard]] std::optional<Progress> load_checkpoint(const std::string& path,
                                                      const std::string& identity, nn::Model& model,
                                                      Optimizer& optimizer);

}  // namespace nas::train
