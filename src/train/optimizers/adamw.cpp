#include "nas/ops/adamw.hpp"

#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include "nas/core/error.hpp"
#include "nas/ops/kernels.hpp"
#include "train/builtin.hpp"
#include "train/optimizer.hpp"

namespace nas::train {
namespace {

/// With g the gradient (scaled by min(1, clip_norm / (norm + 1e-6)) unless clip_norm is 0), t the
/// step from 1 and lr its rate:
///   w := w (1 - lr weight_decay)          matrices only: parameters of 2 axes or more
///   m := beta1 m + (1 - beta1) g          v := beta2 v + (1 - beta2) g^2
///   w := w - lr (m / (1 - beta1^t)) / (sqrt(v / (1 - beta2^t)) + epsilon)
/// Source: Loshchilov and Hutter 2019 (arXiv:1711.05101), algorithm 2; the decay is multiplied by
/// the learning rate, as PyTorch does, and gains, biases and other vectors are not decayed.
class AdamW final : public Optimizer {
 public:
  AdamW(const config::OptimizerConfig& options, const std::vector<nn::TrainedTensor>& parameters);

  [[nodiscard]] at::Tensor gradient_norm() const override;
  void step(const at::Tensor& norm, const at::Tensor& learning_rate) override;
  at::Tensor step_with_norm(const at::Tensor& learning_rate) override;
  [[nodiscard]] std::int64_t steps_done() const override;
  [[nodiscard]] std::vector<nn::NamedTensor> state() const override;
  void resume_at(std::int64_t steps_done) override;

 private:
  /// Parameters that share a weight decay, with their moments; the same position in each list.
  struct Group {
    double weight_decay = 0;
    std::vector<nn::TrainedTensor> parameters;
    std::vector<at::Tensor> exp_avg;
    std::vector<at::Tensor> exp_avg_sq;
  };
  /// By LibTorch's kernels: on the CPU, and on a GPU in a program without kernels.
  void plain_step(Group& group, const at::Tensor& scale, const at::Tensor& learning_rate) const;
  /// For the kernels of ops; empty where they are not used.
  [[nodiscard]] std::vector<ops::AdamWParameter> for_kernels() const;

  config::OptimizerConfig options_;
  std::vector<Group> groups_;
  std::vector<ops::AdamWParameter> for_kernels_;
  at::Tensor step_;  ///< [] float32 on the device
};

AdamW::AdamW(const config::OptimizerConfig& options,
             const std::vector<nn::TrainedTensor>& parameters)
    : options_(options) {
  const at::NoGradGuard no_grad;
  NAS_ASSERT(!parameters.empty());
  groups_.resize(2);
  groups_[0].weight_decay = options.weight_decay;
  for (const nn::TrainedTensor& parameter : parameters) {
    Group& group = groups_[parameter.tensor.dim() >= 2 ? 0 : 1];
    group.parameters.push_back(parameter);
    group.exp_avg.push_back(at::zeros_like(parameter.tensor));
    group.exp_avg_sq.push_back(at::zeros_like(parameter.tensor));
  }
  const at::Tensor& first = parameters.front().tensor;
  step_ = at::zeros({}, first.options().requires_grad(false));
  if (ops::has_kernels_on(first.device())) for_kernels_ = for_kernels();
}

std::vector<ops::AdamWParameter> AdamW::for_kernels() const {
  std::vector<ops::AdamWParameter> all;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      all.push_back({group.parameters[i].tensor, group.exp_avg[i], group.exp_avg_sq[i],
                     group.parameters[i].narrow, group.weight_decay});
    }
  }
  return all;
}

at::Tensor AdamW::gradient_norm() const {
  const at::NoGradGuard no_grad;
  if (!for_kernels_.empty()) return ops::gradient_norm(for_kernels_);
  std::vector<at::Tensor> norms;
  for (const Group& group : groups_) {
    if (group.parameters.empty()) continue;
    for (at::Tensor& norm : at::_foreach_norm(gradients_of(group.parameters))) {
      norms.push_back(std::move(norm));
    }
  }
  return at::linalg_vector_norm(at::stack(norms));
}

void AdamW::step(const at::Tensor& norm, const at::Tensor& learning_rate) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  if (!for_kernels_.empty()) {
    ops::adamw_step(for_kernels_,
                    {options_.beta1, options_.beta2, options_.epsilon, options_.clip_norm}, step_,
                    learning_rate, norm);
  } else {
    at::Tensor scale;
    if (options_.clip_norm > 0) scale = at::clamp_max(options_.clip_norm / (norm + 1e-6), 1.0);
    for (Group& group : groups_) {
      if (!group.parameters.empty()) plain_step(group, scale, learning_rate);
    }
  }
  for (const Group& group : groups_) drop_gradients(group.parameters);
}

at::Tensor AdamW::step_with_norm(const at::Tensor& learning_rate) {
  if (for_kernels_.empty() || options_.clip_norm > 0) {
    return Optimizer::step_with_norm(learning_rate);
  }
  const at::NoGradGuard no_grad;
  step_.add_(1);
  at::Tensor norm = ops::adamw_step_with_norm(
      for_kernels_, {options_.beta1, options_.beta2, options_.epsilon, 0}, step_, learning_rate);
  for (const Group& group : groups_) drop_gradients(group.parameters);
  return norm;
}

void AdamW::plain_step(Group& group, const at::Tensor& scale,
                       const at::Tensor& learning_rate) const {
  std::vector<at::Tensor> gradients = gradients_of(group.parameters);
  // Not in place: two parameters may share one gradient tensor.
  if (scale.defined()) gradients = at::_foreach_mul(gradients, scale);
  std::vector<at::Tensor> weights;
  weights.reserve(group.parameters.size());
  for (const nn::TrainedTensor& parameter : group.parameters) weights.push_back(parameter.tensor);
  const std::vector<at::Tensor> steps(weights.size(), step_);
  at::_fused_adamw_(weights, gradients, group.exp_avg, group.exp_avg_sq, {}, steps, learning_rate,
                    options_.beta1, options_.beta2, group.weight_decay, options_.epsilon,
                    /*amsgrad=*/false, /*maximize=*/false);
  refresh_narrow(group.parameters);
}

std::vector<nn::NamedTensor> AdamW::state() const {
  std::vector<nn::NamedTensor> state;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.parameters.size(); ++i) {
      const std::string& name = group.parameters[i].name;
      state.push_back({"exp_avg." + name, group.exp_avg[i]});
      state.push_back({"exp_avg_sq." + name, group.exp_avg_sq[i]});
    }
  }
  return state;
}

std::int64_t AdamW::steps_done() const { return static_cast<std::int64_t>(step_.item<float>()); }

void AdamW::resume_at(std::int64_t steps_done) {
  const at::NoGradGuard no_grad;
  step_.fill_(static_cast<double>(steps_done));
}

}  // namespace

OptimizerFactory adamw_optimizer() {
  OptimizerFactory factory;
  factory.help = "Adam with decoupled weight decay on matrices, one fused kernel";
  factory.source = "Loshchilov and Hutter 2019 (arXiv:1711.05101)";
  factory.make =
      [](const config::OptimizerConfig& options,
         const std::vector<nn::TrainedTensor>& parameters) -> std::unique_ptr<Optimizer> {
    return std::make_unique<AdamW>(options, parameters);
  };
  return factory;
}

}  // namespace nas::train
