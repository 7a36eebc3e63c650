#include "export/hf_files.hpp"

#include <nlohmann/json.hpp>
#include <string_view>

#include "export/facts_json.hpp"
#include "export/python_files.hpp"
#include "nas/core/error.hpp"
#include "nas/export/language_model.hpp"
#include "nas/nn/python_source.hpp"

namespace nas::exporting {

namespace {

std::string replaced(std::string_view text, std::string_view mark, std::string_view content) {
  const std::size_t at = text.find(mark);
  NAS_ASSERT(at != std::string_view::npos);
  std::string result(text);
  return result.replace(at, mark.size(), content);
}

/// Text that may stand in a Python docstring.
std::string docstring_text(std::string text) {
  for (char& c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ') c = '\'';
  }
  return text;
}

std::string modeling_file(const nn::Model& model, const ExportFacts& facts) {
  const std::string summary = docstring_text(
      (facts.seed > 0 ? "Seed " + std::to_string(facts.seed) + " of the training \""
                      : "Trial " + std::to_string(facts.trial) + " of the architecture search \"") +
      facts.study + "\", as PyTorch code.");
  std::string text = replaced(python_files::kModeling, "<summary>", summary);
  text = replaced(text, "<version>", facts.version);
  return replaced(text, "# <definitions>\n", nn::python_source(model.architecture()));
}

Json config_json(const nn::Model& model, const ExportFacts& facts) {
  const space::Architecture& architecture = model.architecture();
  Json json = {{"architectures", {"NasForCausalLM"}},
               {"model_type", kModelType},
               {"auto_map",
                {{"AutoConfig", "modeling_nas.NasConfig"},
                 {"AutoModelForCausalLM", "modeling_nas.NasForCausalLM"}}},
               {"vocab_size", architecture.model.vocab_size},
               {"hidden_size", architecture.model.model_dim},
               {"num_hidden_layers", architecture.layers.size()},
               {"tie_word_embeddings", architecture.model.tied_head},
               {"use_cache", false},
               {"dtype", "float32"},
               {"bos_token_id", nullptr},
               {"eos_token_id", nullptr},
               {"pad_token_id", nullptr}};
  if (const std::int64_t max_len = max_len_of(architecture.model); max_len > 0) {
    json["max_position_embeddings"] = max_len;
  }
  json["nas"] = facts_json(model, facts);
  return json;
}

Json tokenizer_config(const space::ModelSpec& model) {
  Json json = {
      {"tokenizer_class", "NasTokenizer"},
      {"auto_map", {{"AutoTokenizer", Json::array({"tokenization_nas.NasTokenizer", nullptr})}}},
      {"clean_up_tokenization_spaces", false}};
  if (const std::int64_t max_len = max_len_of(model); max_len > 0) {
    json["model_max_length"] = max_len;
  }
  return json;
}

std::string text_of(const Json& json) { return json.dump(2) + "\n"; }

}  // namespace

std::map<std::string, std::string> hf_files(const nn::Model& model, const ExportFacts& facts) {
  NAS_ASSERT(!facts.tokenizer.empty());
  const space::ModelSpec& spec = model.architecture().model;
  std::map<std::string, std::string> files;
  files["config.json"] = text_of(config_json(model, facts));
  files["generation_config.json"] = text_of({{"do_sample", false}, {"use_cache", false}});
  files["tokenizer_config.json"] = text_of(tokenizer_config(spec));
  files["modeling_nas.py"] = modeling_file(model, facts);
  const std::int64_t max_len = max_len_of(spec);
  files["export_onnx.py"] = max_len == 0
                                ? replaced(python_files::kExportOnnx, "  # <max_len>", "")
                                : replaced(python_files::kExportOnnx, "None  # <max_len>",
                                           std::to_string(max_len) + "  # learned positions");
  if (facts.tokenizer == kByteTokenizer) {
    files["tokenization_nas.py"] = python_files::kTokenizationBytes;
  } else {
    files["tokenization_nas.py"] = python_files::kTokenizationSentencePiece;
    files[kSentencePieceFile] = facts.tokenizer;
  }
  return files;
}

}  // namespace nas::exporting
