#pragma once

#include <cstdint>
#include <string>

#include "command.hpp"
#include "nas/config/run_config.hpp"
#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::cli {

/// Which model of a folder is wanted; -1 and 0: the best.
struct ModelChoice {
  std::string folder;       ///< of a study, or of `nas train`
  std::int64_t trial = -1;  ///< of a study
  std::uint32_t seed = 0;   ///< of `nas train`
};

/// A trained model and what its folder knows of it.
struct ModelSource {
  nn::Model model;
  config::RunConfig config;
  std::string corpus_hash;       ///< hex
  std::string name;              ///< "trial 3", "seed 2"
  exporting::ExportFacts facts;  ///< without the tokenizer
};

/// The options --trial and --train-seed.
void add_model_choice(CLI::App& verb, ModelChoice& choice);

/// Whether a folder holds a study or a training of `nas train`.
[[nodiscard]] bool has_models(const std::string& folder);

/// Throws Error(kUsage) when there is no such model, or the choice does not fit the folder.
[[nodiscard]] ModelSource open_model(const ModelChoice& choice);

/// The tokenizer that it was trained with, as data::Tokenizer::serialised(). One that was trained
/// on the corpus is taken from the cache or made again. Throws Error(kData) when the corpus is gone
/// or no longer what it was.
[[nodiscard]] std::string tokenizer_of(const ModelSource& source);

/// What an export says of the model; the tokenizer may be empty.
[[nodiscard]] exporting::ExportFacts facts_with(const ModelSource& source,
                                                const std::string& tokenizer);

}  // namespace nas::cli
