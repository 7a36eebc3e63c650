#pragma once

#include <map>
#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

inline constexpr const char* kModelType = "nas";
/// Before each parameter's name in model.safetensors: NasForCausalLM holds NasModel as `model`.
inline constexpr const char* kTensorPrefix = "model.";
inline constexpr const char* kWeightsFile = "model.safetensors";
inline constexpr const char* kSentencePieceFile = "tokenizer.model";

/// The files of an export by name, but for the weights and README.md.
[[nodiscard]] std::map<std::string, std::string> hf_files(const nn::Model& model,
                                                          const ExportFacts& facts);

/// README.md, the model card.
[[nodiscard]] std::string model_card(const nn::Model& model, const ExportFacts& facts);

}  // namespace nas::exporting
