#pragma once

#include <optional>

#include "nas/ops/step_record.hpp"
#include "train/training_step.hpp"
#include "train/window_work.hpp"

namespace nas::train {

/// Steps that a GPU takes without asking the host for anything: step number, learning rates,
/// losses and the first bad step are in its memory.
class DeviceStep final : public TrainingStep {
 public:
  DeviceStep(const TrainingRequest& request, nn::Model& model, Optimizer& optimizer,
             std::int64_t steps_done, const ops::StreamLease& stream);

  void run(std::int64_t step, double learning_rate) override;
  [[nodiscard]] std::optional<std::string> first_bad() const override;
  [[nodiscard]] std::int64_t poll_interval() const override;
  [[nodiscard]] double loss_sum(std::int64_t from, std::int64_t to) const override;

 private:
  /// Makes the tables that the model keeps.
  void prepare() const;
  /// A step whose batch the device draws itself.
  void step_of_device(const nn::DocumentPieces* pieces);
  /// Everything after the batch.
  void launch(const at::Tensor& tokens, const nn::DocumentPieces* pieces);
  /// Fills windows_ on the device; false when the host has to.
  [[nodiscard]] bool gather() const;

  const TrainingRequest& request_;
  nn::Model& model_;
  Optimizer& optimizer_;
  ops::StepRecord record_;
  at::Tensor windows_;    ///< [batch, seq_len + 1] int64
  bool gathers_ = false;  ///< the device has the training tokens
  WindowWork work_;
};

}  // namespace nas::train
