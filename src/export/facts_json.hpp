#pragma once

#include <string>

#include "nas/core/json.hpp"
#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

/// Version of what facts_json gives; a reader refuses a newer one.
inline constexpr int kFactsFormat = 1;

/// Names of the texts in a TorchScript file.
inline constexpr const char* kFactsName = "nas.json";
inline constexpr const char* kTokenizerName = "tokenizer";

/// Tokenizer::serialised() of the tokenizer on bytes; anything else is a SentencePiece model.
inline constexpr const char* kByteTokenizer = "bytes";

/// What an export says for programs: {"format", "version", "study", "trial", "metric", "value",
/// "architecture_hash", "weights_hash", "max_len" (0: any), "seq_len" (of training), "corpus",
/// "tokenizer", "architecture"}.
[[nodiscard]] Json facts_json(const nn::Model& model, const ExportFacts& facts);

/// Throws Error(kData) when `facts`, read from `where`, are no facts or of a newer format.
void require_facts(const Json& facts, const std::string& where);

}  // namespace nas::exporting
