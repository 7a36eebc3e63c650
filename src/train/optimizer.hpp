#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "nas/nn/model.hpp"
#include "nas/train/tables.hpp"

namespace nas::train {

/// Changes float32 weights by their gradients, on their device, without asking it for a number. All
/// state is in tensors that a checkpoint holds and in the number of steps done, a tensor too.
class Optimizer {
 public:
  Optimizer() = default;
  virtual ~Optimizer() = default;
  Optimizer(const Optimizer&) = delete;
  Optimizer& operator=(const Optimizer&) = delete;

  /// Norm of the whole gradient, sqrt of the sum of squares: [] float32 on the device. Parameters
  /// without a gradient count as zero.
  [[nodiscard]] virtual at::Tensor gradient_norm() const = 0;

  /// Updates the parameters and drops the gradients. `norm` is gradient_norm() of this step;
  /// learning_rate: [] on the parameters' device, float64 on the CPU and float32 elsewhere. May be
  /// captured in a CUDA graph: what changes from step to step is in tensors.
  virtual void step(const at::Tensor& norm, const at::Tensor& learning_rate) = 0;

  /// step with gradient_norm(), which it returns; fewer kernels where nothing depends on the norm.
  virtual at::Tensor step_with_norm(const at::Tensor& learning_rate);

  /// Asks the device.
  [[nodiscard]] virtual std::int64_t steps_done() const = 0;
  /// The state by names such as "exp_avg.<parameter>"; the tensors themselves.
  [[nodiscard]] virtual std::vector<nn::NamedTensor> state() const = 0;
  /// Continues after `steps_done` steps from what was written into state()'s tensors.
  virtual void resume_at(std::int64_t steps_done) = 0;
};

/// Gradients in float32, zeros where there is none.
[[nodiscard]] std::vector<at::Tensor> gradients_of(
    const std::vector<nn::TrainedTensor>& parameters);

/// Drops the gradients.
void drop_gradients(const std::vector<nn::TrainedTensor>& parameters);

/// Writes the bfloat16 copies of changed parameters anew.
void refresh_narrow(const std::vector<nn::TrainedTensor>& parameters);

}  // namespace nas::train
