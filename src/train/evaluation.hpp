#pragma once

#include <optional>
#include <vector>

#include "nas/nn/documents.hpp"
#include "nas/train/training.hpp"

namespace nas::train {

/// What an evaluation passes through a model at once.
struct EvaluationBatch {
  at::Tensor windows;  ///< [rows, seq + 1] int64, rows as many as the batch or, at the end, fewer
  std::optional<nn::DocumentPieces> pieces;  ///< on the CPU
};

[[nodiscard]] std::vector<EvaluationBatch> evaluation_batches(const nn::Model& model,
                                                              const data::Windows& windows,
                                                              std::int64_t batch);

/// Sum of the next-token losses of windows: [] float64, nats, on the device. pieces: or null. To be
/// called without grad mode.
[[nodiscard]] at::Tensor nats_of(const nn::Model& model, const at::Tensor& windows,
                                 const nn::DocumentPieces* pieces);

}  // namespace nas::train
