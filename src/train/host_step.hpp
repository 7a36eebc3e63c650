#pragma once

#include <vector>

#include "train/training_step.hpp"

namespace nas::train {

/// Steps that the host waits for: on the CPU, and on a GPU in a program without kernels.
class HostStep final : public TrainingStep {
 public:
  HostStep(const TrainingRequest& request, nn::Model& model, Optimizer& optimizer);

  void run(std::int64_t step, double learning_rate) override;
  [[nodiscard]] std::optional<std::string> first_bad() const override { return bad_; }
  [[nodiscard]] std::int64_t poll_interval() const override { return 1; }
  [[nodiscard]] double loss_sum(std::int64_t from, std::int64_t to) const override;

 private:
  const TrainingRequest& request_;
  nn::Model& model_;
  Optimizer& optimizer_;
  std::vector<float> losses_;  ///< that of step s at s % kLossesKept
  std::optional<std::string> bad_;
};

}  // namespace nas::train
