#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"
#include "nas/run/engine.hpp"

namespace nas::cli {

/// Which model of a folder is wanted; -1 and 0: the best.
struct ModelChoice {
  std::string folder;       ///< of a study, or of `nas train`
  std::int64_t trial = -1;  ///< of a study
  std::uint32_t seed = 0;   ///< of `nas train`
};

/// The options --trial and --train-seed.
void add_model_choice(Verb& verb, ModelChoice& choice);

/// Whether a folder holds a study or a training of `nas train`.
[[nodiscard]] bool has_models(const std::string& folder);

/// Throws Error(kUsage) when there is no such model, or the choice does not fit the folder.
[[nodiscard]] run::TrainedWeights choose_model(const ModelChoice& choice);

}  // namespace nas::cli
