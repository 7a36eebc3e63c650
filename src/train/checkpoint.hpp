#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nas/nn/safetensors.hpp"
#include "nas/train/training.hpp"
#include "train/adamw.hpp"

namespace nas::train {

/// What a training has done so far, beside weights and moments.
struct Progress {
  std::int64_t step = 0;                                      ///< training steps done
  double loss_sum = 0;                                        ///< nats, over loss_count steps
  std::int64_t loss_count = 0;                                ///< steps that went into loss_sum
  std::vector<std::pair<std::int64_t, double>> intermediate;  ///< (step, val_bpb)
  double seconds = 0;                                         ///< wall clock, over all attempts
};

/// Names the training whose state a checkpoint holds: everything that decides its bits. Equal
/// identities continue each other.
[[nodiscard]] std::string training_identity(const TrainingRequest& request);

/// Writes weights, moments and progress to a safetensors file, atomically. Throws Error(kIo).
void save_checkpoint(const std::string& path, const std::string& identity, const nn::Model& model,
                     const AdamW& optimizer, const Progress& progress);

/// Restores what save_checkpoint wrote; nothing, and nothing changed, when there is no such file,
/// or (with a warning) when it is torn or belongs to another training.
[[nodiscard]] std::optional<Progress> load_checkpoint(const std::string& path,
                                                      const std::string& identity, nn::Model& model,
                                                      AdamW& optimizer);

}  // namespace nas::train
