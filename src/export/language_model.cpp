#include "nas/export/language_model.hpp"

#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>

#include "export/facts_json.hpp"
#include "export/hf_files.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/nn/torchscript.hpp"

namespace nas::exporting {

namespace {

Json read_object(const std::string& path) {
  try {
    JsonPositions positions(path);
    return read_json(path, positions);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kIo) throw;
    throw Error(ErrorKind::kData, error.what());
  }
}

space::Architecture architecture_of(const Json& facts, const std::string& where) {
  try {
    space::Architecture architecture =
        space::architecture_from_json(facts.value("architecture", Json()), JsonPositions(where));
    space::require_valid(architecture, where);
    return architecture;
  } catch (const Error& error) {
    throw Error(ErrorKind::kData, error.what());
  }
}

/// The file's tensors by the model's names.
std::vector<nn::NamedTensor> read_weights(const std::string& path) {
  std::vector<nn::NamedTensor> tensors = nn::read_safetensors(path).tensors;
  const std::string prefix = kTensorPrefix;
  for (nn::NamedTensor& tensor : tensors) {
    if (tensor.name.starts_with(prefix)) tensor.name.erase(0, prefix.size());
  }
  return tensors;
}

}  // namespace

std::int64_t max_len_of(const space::ModelSpec& model) {
  return model.positions == space::Positions::kLearned ? model.max_len : 0;
}

LanguageModel language_model(nn::Model model, const std::string& tokenizer) {
  const std::int64_t max_len = max_len_of(model.architecture().model);
  const auto shared = std::make_shared<nn::Model>(std::move(model));
  const auto logits = [shared](const at::Tensor& tokens) {
    const at::NoGradGuard no_grad;
    return shared->forward(tokens);
  };
  return {logits, tokenizer, max_len};
}

LanguageModel read_torchscript_model(const std::string& path) {
  const auto model = std::make_shared<nn::TorchscriptModel>(
      path, "cpu", std::vector<std::string>{kFactsName, kTokenizerName});
  const std::string& tokenizer = model->text(kTokenizerName);
  if (model->text(kFactsName).empty() || tokenizer.empty()) {
    const std::string missing = model->text(kFactsName).empty() ? kFactsName : kTokenizerName;
    throw Error(ErrorKind::kData,
                path + " holds no text \"" + missing +
                    "\": text is generated from files that `nas export --format torchscript` of "
                    "this version wrote with their tokenizer");
  }
  const Json facts = parse_stored_json(model->text(kFactsName), path + ", " + kFactsName);
  require_facts(facts, path);
  const auto logits = [model](const at::Tensor& tokens) { return model->forward(tokens); };
  return {logits, tokenizer, facts.value("max_len", std::int64_t{0})};
}

bool is_hf_folder(const std::string& folder) {
  const std::string path = folder + "/config.json";
  if (!std::filesystem::is_regular_file(path)) return false;
  const Json config = Json::parse(read_file(path), nullptr, /*allow_exceptions=*/false);
  return config.is_object() && config.value("model_type", Json()) == kModelType;
}

HfModel read_hf_folder(const std::string& folder) {
  const std::string path = folder + "/config.json";
  if (!is_hf_folder(folder)) {
    throw Error(ErrorKind::kData, folder +
                                      " is no folder that `nas export` wrote: its config.json "
                                      "does not name the model type \"nas\"");
  }
  const Json facts = read_object(path).value("nas", Json());
  require_facts(facts, path);
  nn::Model model(architecture_of(facts, path), nn::LowerOptions{});
  model.load(read_weights(folder + "/model.safetensors"));
  const bool is_bytes = facts.value("tokenizer", Json()) == kByteTokenizer;
  return {std::move(model),
          is_bytes ? kByteTokenizer : read_file(folder + "/" + kSentencePieceFile)};
}

}  // namespace nas::exporting
