#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <string>

#include "nas/nn/model.hpp"

namespace nas::exporting {

/// A trained model with what generating text needs, whatever it was read from.
struct LanguageModel {
  /// Tokens [1, seq] int64 to logits [1, seq, vocab_size] float32.
  std::function<at::Tensor(const at::Tensor&)> logits;
  std::string tokenizer;     ///< data::Tokenizer::serialised()
  std::int64_t max_len = 0;  ///< longest sequence that it takes; 0: any
};

/// Longest sequence that a model of this kind takes; 0: any.
[[nodiscard]] std::int64_t max_len_of(const space::ModelSpec& model);

[[nodiscard]] LanguageModel language_model(nn::Model model, const std::string& tokenizer);

/// From a TorchScript file of `nas export`. Throws Error(kData) when it is none or, for one of
/// somebody else, that says what it lacks.
[[nodiscard]] LanguageModel read_torchscript_model(const std::string& path);

/// The model of a folder that export_hf_folder wrote and its tokenizer.
struct HfModel {
  nn::Model model;
  std::string tokenizer;
};

/// Whether a folder looks like an export: its config.json names the model type "nas".
[[nodiscard]] bool is_hf_folder(const std::string& folder);

/// Throws Error(kData) when it is no export, a newer one, or damaged; Error(kIo).
[[nodiscard]] HfModel read_hf_folder(const std::string& folder);

}  // namespace nas::exporting
