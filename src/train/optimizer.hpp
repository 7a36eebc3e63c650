#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nas/nn/model.hpp"
#include "nas/train/tables.hpp"

namespace nas::train {

/// Changes float32 weights by their gradients, on their device, without asking it for a number. All
/// state is in tensors that a checkpoint holds and in the number of steps done.
class Optimizer {
 public:
  Optimizer() = default;
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Norm of the whole gradient, sqrt of the sum of squares: [] float32 on the device. Parameters
  /// without a gradient count as zero.
  [[nodiscard]] virtual at::Tensor gradient_norm() const = 0;

  /// Updates the parameters and drops the gradients. `norm` is gradient_norm() of this step.
  virtual void step(const at::Tensor& norm, double learning_rate) = 0;

  [[nodiscard]] virtual std::int64_t steps_done() const = 0;
  /// The state by names such as "exp_avg.<parameter>"; the tensors themselves.
  [[nodiscard]] virtual std::vector<nn::NamedTensor> state() const = 0;
  /// Continues after `steps_done` steps from what was written into state()'s tensors.
  virtual void resume_at(std::int64_t steps_done) = 0;
};

/// Gradients of these weights, zeros where there is none.
[[nodiscard]] std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& weights);

}  // namespace nas::train
