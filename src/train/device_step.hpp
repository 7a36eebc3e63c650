#pragma once

#include <optional>

#include "nas/ops/captured_graph.hpp"
#include "nas/ops/step_record.hpp"
#include "train/training_step.hpp"

namespace nas::train {

/// Steps that a GPU takes without asking the host for anything: step number, learning rates,
/// losses and the first bad step are in its memory.
class DeviceStep final : public TrainingStep {
 public:
  DeviceStep(const TrainingRequest& request, nn::Model& model, Optimizer& optimizer,
             std::int64_t steps_done);

  void run(std::int64_t step, double learning_rate) override;
  [[nodiscard]] std::optional<std::string> first_bad() const override;
  [[nodiscard]] std::int64_t poll_interval() const override;
  [[nodiscard]] double loss_sum(std::int64_t from, std::int64_t to) const override;

 private:
  /// Everything after the batch; what a graph holds too.
  void launch(const at::Tensor& tokens, const at::Tensor& document_starts);
  /// Fills windows_ on the device; false when the host has to.
  [[nodiscard]] bool gather() const;
  /// Makes graph_, or gives up capturing.
  void capture();

  const TrainingRequest& request_;
  nn::Model& model_;
  Optimizer& optimizer_;
  ops::StepRecord record_;
  at::Tensor windows_;  ///< [batch, seq_len + 1] int64, a graph's batch
  bool may_capture_ = false;
  bool has_run_whole_ = false;  ///< a step without document boundaries, by itself
  std::optional<ops::CapturedGraph> graph_;
};

}  // namespace nas::train
