#include "export/tiny_export.hpp"

#include <filesystem>
#include <nlohmann/json.hpp>

#include "export/hf_files.hpp"
#include "nas/core/files.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/space/blocks.hpp"

namespace nas::test {

nn::Model tiny_model(space::Positions positions) {
  space::ShortLayer layer;
  layer.mixer = space::block_program("mdha", space::Slot::kMixer, {positions, false});
  layer.feed_forward = space::block_program("relu", space::Slot::kFeedForward, {});
  space::Architecture architecture;
  architecture.model.model_dim = 16;
  architecture.model.positions = positions;
  architecture.model.max_len = 40;
  architecture.layers.assign(1, {2, 24, space::layer_program(layer)});
  nn::Model model(architecture, {});
  model.initialise(1, 0);
  return model;
}

exporting::ExportFacts tiny_facts() {
  exporting::ExportFacts facts;
  facts.version = "1.2.3";
  facts.study = "tiny";
  facts.trial = 4;
  facts.trials = 9;
  facts.metric = "val_bpb";
  facts.value = 2.5;
  facts.corpus = "a text";
  facts.seq_len = 32;
  facts.tokenizer = "bytes";
  facts.sample_text = "ab";
  facts.sample_ids = {97, 98};
  return facts;
}

void write_tiny_folder(const std::string& folder, const nn::Model& model) {
  make_folders(folder);
  for (const auto& [name, content] : exporting::hf_files(model, tiny_facts())) {
    const std::filesystem::path path = std::filesystem::path(folder) / name;
    write_file_atomically(path.string(), content);
  }
  std::vector<nn::NamedTensor> tensors;
  for (const nn::NamedTensor& parameter : model.parameters()) {
    tensors.push_back({exporting::kTensorPrefix + parameter.name, parameter.tensor.detach()});
  }
  nn::write_safetensors(folder + "/" + exporting::kWeightsFile, tensors, {});
}

}  // namespace nas::test
