#pragma once

#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/export/export_report.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

/// Writes the model as TorchScript, loads it back and compares its logits with the model's at
/// several batch sizes and lengths. The file also holds the texts "nas.json" (study, trial, hash,
/// sizes) and "tokenizer", which torch.jit.load gives through _extra_files. Throws Error(kInternal)
/// when logits differ by more than 1e-4 of the largest logit or 1; Error(kIo). A file that was
/// there is then as it was.
[[nodiscard]] TorchscriptReport export_torchscript(const nn::Model& model, const ExportFacts& facts,
                                                   const std::string& path);

}  // namespace nas::exporting
