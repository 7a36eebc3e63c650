#pragma once

#include <cstdint>
#include <string>

#include "nas/nn/model.hpp"
#include "nas/store/study.hpp"

namespace nas::exporting {

/// A trial's architecture with its trained weights, on the CPU. For a duplicate, its original's.
/// Throws Error(kUsage) when the trial is not COMPLETE, Error(kIo) when its weights are gone (says
/// how `nas replay` makes them again), Error(kStudy) when their hash is not the stored one.
[[nodiscard]] nn::Model trained_model(const store::Study& study, std::int64_t trial);

/// What was compared before the export was called one.
struct ExportReport {
  std::string path;
  std::int64_t bytes = 0;
  std::int64_t comparisons = 0;   ///< (batch, seq) sizes
  double largest_difference = 0;  ///< of logits, absolute
};

/// Writes the model as TorchScript, loads it back and compares its logits with the model's at
/// several batch sizes and lengths. Throws Error(kInternal) and removes the file when they differ
/// by more than 1e-4; Error(kIo).
[[nodiscard]] ExportReport export_torchscript(const nn::Model& model, const std::string& path);

}  // namespace nas::exporting
