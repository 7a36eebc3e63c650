#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/nn/model.hpp"

namespace nas::train {

/// AdamW on float32 weights. With g the gradient (clipped), t the step from 1 and lr its rate:
///   w := w (1 - lr weight_decay)          matrices only: parameters of 2 axes or more
///   m := beta1 m + (1 - beta1) g          v := beta2 v + (1 - beta2) g^2
///   w := w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// Source: Loshchilov and Hutter 2019 (arXiv:1711.05101), algorithm 2; the decay is multiplied by
/// the learning rate, as PyTorch does, and gains, biases and other vectors are not decayed.
class AdamW {
 public:
  /// Moments start at zero, on the parameters' device.
  AdamW(const config::OptimizerConfig& options, const std::vector<nn::NamedTensor>& parameters);

  /// Norm of the whole gradient, sqrt of the sum of squares: [] float32 on the device. Parameters
  /// without a gradient count as zero.
  [[nodiscard]] at::Tensor gradient_norm() const;

  /// Scales gradients by min(1, clip_norm / (norm + 1e-6)) unless clip_norm is 0, updates the
  /// parameters and drops the gradients. `norm` is gradient_norm() of this step.
  void step(const at::Tensor& norm, double learning_rate);

  [[nodiscard]] std::int64_t steps_done() const { return steps_done_; }
  /// Named "exp_avg.<parameter>" and "exp_avg_sq.<parameter>"; the tensors themselves.
  [[nodiscard]] std::vector<nn::NamedTensor> state() const;
  /// Continues after `steps_done` steps from moments written into state()'s tensors.
  void resume_at(std::int64_t steps_done);

 private:
  /// Parameters that share a weight decay, with their moments; the same position in each list.
  struct Group {
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> exp_avg;
    std::vector<at::Tensor> exp_avg_sq;
  };
  [[nodiscard]] static std::vector<at::Tensor> gradients(const Group& group);

  config::OptimizerConfig options_;
  std::vector<Group> groups_;
  at::Tensor step_;  ///< [] float32 on the device, for the fused kernel
  std::int64_t steps_done_ = 0;
};

}  // namespace nas::train
