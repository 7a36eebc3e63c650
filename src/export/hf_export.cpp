#include "nas/export/hf_export.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <utility>

#include "export/comparison.hpp"
#include "export/export_folder.hpp"
#include "export/folder_check.hpp"
#include "export/hf_files.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/export/language_model.hpp"
#include "nas/nn/safetensors.hpp"

namespace nas::exporting {

namespace {

void write_folder(const nn::Model& model, const ExportFacts& facts, const std::string& folder) {
  for (const auto& [name, content] : hf_files(model, facts)) {
    write_file_atomically((std::filesystem::path(folder) / name).string(), content);
  }
  write_file_atomically(folder + "/README.md", model_card(model, facts));
  std::vector<nn::NamedTensor> tensors;
  for (const nn::NamedTensor& parameter : model.parameters()) {
    tensors.push_back({kTensorPrefix + parameter.name, parameter.tensor.detach()});
  }
  // The key without which transformers refuses a file.
  nn::write_safetensors(folder + "/" + kWeightsFile, tensors, {{"format", "pt"}});
}

[[noreturn]] void refuse(const std::string& what) {
  throw Error(ErrorKind::kInternal, "the export read back is not the model: " + what);
}

/// Compares what was read back with the model; the number of comparisons.
std::int64_t compare_read_back(const nn::Model& model, const ExportFacts& facts,
                               const HfModel& read) {
  if (read.model.architecture() != model.architecture()) refuse("its architecture differs");
  if (read.model.weights_hash() != model.weights_hash()) refuse("its weights' hash differs");
  if (read.tokenizer != facts.tokenizer) refuse("its tokenizer differs");
  const at::NoGradGuard no_grad;
  const std::vector<at::Tensor> all = comparison_tokens(model.architecture().model);
  for (const at::Tensor& tokens : all) {
    const bool is_equal = at::allclose(read.model.forward(tokens), model.forward(tokens), 0, 0,
                                       /*equal_nan=*/true);
    if (!is_equal) refuse("its logits differ");
  }
  return static_cast<std::int64_t>(all.size());
}

nn::Model plain_copy(const nn::Model& model) {
  nn::Model plain(model.architecture(), {.fuse = false});
  plain.load(model.parameters());
  return plain;
}

std::int64_t bytes_in(const std::string& folder) {
  std::int64_t bytes = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    bytes += static_cast<std::int64_t>(entry.file_size());
  }
  return bytes;
}

}  // namespace

HfReport export_hf_folder(const nn::Model& model, const ExportFacts& facts,
                          const std::string& folder, const std::string& python) {
  if (facts.tokenizer.empty()) {
    throw Error(ErrorKind::kData, "the tokenizer that the model was trained with is not there");
  }
  ExportFolder place(folder);
  write_folder(model, facts, place.path());
  const HfModel read = read_hf_folder(place.path());
  HfReport report;
  report.folder = folder;
  report.comparisons = compare_read_back(model, facts, read);
  report.weights_hash = read.model.weights_hash().hex();
  report.python = check_folder(place.path(), plain_copy(read.model), facts, python);
  report.bytes = bytes_in(place.path());
  place.publish();
  return report;
}

}  // namespace nas::exporting
