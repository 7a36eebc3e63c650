#pragma once

#include <cstdint>
#include <string>

#include "nas/export/export_facts.hpp"
#include "nas/nn/model.hpp"

namespace nas::exporting {

/// What was compared before the export was called one.
struct ExportReport {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t comparisons = 0;   ///< (batch, seq) sizes
  double largest_difference = 0;  ///< of logits, absolute
};

/// Writes the model as TorchScript, loads it back and compares its logits with the model's at
/// several batch sizes and lengths. The file also holds the texts "nas.json" (study, trial, hash,
/// sizes) and "tokenizer", which torch.jit.load gives through _extra_files. Throws Error(kInternal)
/// and removes the file when logits differ by more than 1e-4; Error(kIo).
[[nodiscard]] ExportReport export_torchscript(const nn::Model& model, const ExportFacts& facts,
                                              const std::string& path);

}  // namespace nas::exporting
