#pragma once

#include "train/evaluation.hpp"
#include "train/window_work.hpp"

namespace nas::train {

/// evaluate_nats of the same windows on a GPU again and again: the same bits from captured graphs.
class DeviceEvaluation {
 public:
  /// All arguments outlive it; windows are on the model's device.
  DeviceEvaluation(const nn::Model& model, const data::Windows& windows,
                   const config::TrainingConfig& training, const ops::StreamLease& stream);

  /// Mean loss in nats per token. Waits for the device.
  [[nodiscard]] double nats();

 private:
  const nn::Model& model_;
  std::vector<EvaluationBatch> batches_;
  std::int64_t targets_ = 0;
  at::Tensor windows_;  ///< a graph's batch
  at::Tensor sum_;      ///< [] float64
  WindowWork work_;
};

}  // namespace nas::train
