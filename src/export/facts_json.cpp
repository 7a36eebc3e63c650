#include "export/facts_json.hpp"

#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/export/language_model.hpp"

namespace nas::exporting {

namespace {

Json tokenizer_name(const std::string& tokenizer) {
  if (tokenizer.empty()) return nullptr;
  return tokenizer == kByteTokenizer ? "bytes" : "sentencepiece";
}

}  // namespace

Json facts_json(const nn::Model& model, const ExportFacts& facts) {
  const space::Architecture& architecture = model.architecture();
  Json json = {{"format", kFactsFormat},
               {"version", facts.version},
               {"study", facts.study},
               {"trial", facts.seed > 0 ? Json(nullptr) : Json(facts.trial)},
               {"metric", facts.metric},
               {"value", facts.value},
               {"architecture_hash", space::hash_of(architecture).hex()},
               {"weights_hash", model.weights_hash().hex()},
               {"max_len", max_len_of(architecture.model)},
               {"seq_len", facts.seq_len},
               {"corpus", facts.corpus},
               {"tokenizer", tokenizer_name(facts.tokenizer)},
               {"architecture", space::to_json(architecture)}};
  if (facts.seed > 0) json["seed"] = facts.seed;
  return json;
}

void require_facts(const Json& facts, const std::string& where) {
  const bool has_format =
      facts.is_object() && facts.contains("format") && facts["format"].is_number_integer();
  if (!has_format) {
    throw Error(ErrorKind::kData, where + " does not say what `nas export` says of a model");
  }
  const auto format = facts["format"].get<std::int64_t>();
  if (format <= kFactsFormat) return;
  throw Error(ErrorKind::kData, where + " was written by a newer nas: format " +
                                    std::to_string(format) + ", this one reads up to " +
                                    std::to_string(kFactsFormat));
}

}  // namespace nas::exporting
