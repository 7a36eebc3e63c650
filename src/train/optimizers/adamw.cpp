#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "nas/core/error.hpp"
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
  AdamW(const config::OptimizerConfig& options, const std::vector<nn::NamedTensor>& parameters);

  [[nodiscard]] at::Tensor gradient_norm() const override;
  void step(const at::Tensor& norm, double learning_rate) override;
  [[nodiscard]] std::int64_t steps_done() const override { return steps_done_; }
  [[nodiscard]] std::vector<nn::NamedTensor> state() const override;
  void resume_at(std::int64_t steps_done) override;

 private:
  /// Parameters that share a weight decay, with their moments; the same position in each list.
  struct Group {
    double weight_decay = 0;
    std::vector<std::string> names;
    std::vector<at::Tensor> weights;
    std::vector<at::Tensor> exp_avg;
    std::vector<at::Tensor> exp_avg_sq;
  };

  config::OptimizerConfig options_;
  std::vector<Group> groups_;
  at::Tensor step_;  ///< [] float32 on the device, for the fused kernel
  std::int64_t steps_done_ = 0;
};

AdamW::AdamW(const config::OptimizerConfig& options, const std::vector<nn::NamedTensor>& parameters)
    : options_(options) {
  const at::NoGradGuard no_grad;
  groups_.resize(2);
  groups_[0].weight_decay = options.weight_decay;
  for (const nn::NamedTensor& parameter : parameters) {
    Group& group = groups_[parameter.tensor.dim() >= 2 ? 0 : 1];
    group.names.push_back(parameter.name);
    group.weights.push_back(parameter.tensor);
    group.exp_avg.push_back(at::zeros_like(parameter.tensor));
    group.exp_avg_sq.push_back(at::zeros_like(parameter.tensor));
  }
  NAS_ASSERT(!parameters.empty());
  step_ = at::zeros({}, parameters.front().tensor.options().requires_grad(false));
}

at::Tensor AdamW::gradient_norm() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> norms;
  for (const Group& group : groups_) {
    if (group.weights.empty()) continue;
    for (at::Tensor& norm : at::_foreach_norm(gradients_of(group.weights))) {
      norms.push_back(std::move(norm));
    }
  }
  return at::linalg_vector_norm(at::stack(norms));
}

void AdamW::step(const at::Tensor& norm, double learning_rate) {
  const at::NoGradGuard no_grad;
  step_.add_(1);
  ++steps_done_;
  at::Tensor scale;
  if (options_.clip_norm > 0) {
    scale = at::clamp_max(options_.clip_norm / (norm + 1e-6), 1.0);
  }
  for (Group& group : groups_) {
    if (group.weights.empty()) continue;
    std::vector<at::Tensor> gradients = gradients_of(group.weights);
    // Not in place: two parameters may share one gradient tensor.
    if (scale.defined()) gradients = at::_foreach_mul(gradients, scale);
    const std::vector<at::Tensor> steps(group.weights.size(), step_);
    at::_fused_adamw_(group.weights, gradients, group.exp_avg, group.exp_avg_sq, {}, steps,
                      learning_rate, options_.beta1, options_.beta2, group.weight_decay,
                      options_.epsilon, /*amsgrad=*/false, /*maximize=*/false);
    for (const at::Tensor& weight : group.weights) weight.mutable_grad().reset();
  }
}

std::vector<nn::NamedTensor> AdamW::state() const {
  std::vector<nn::NamedTensor> state;
  for (const Group& group : groups_) {
    for (std::size_t i = 0; i < group.weights.size(); ++i) {
      state.push_back({"exp_avg." + group.names[i], group.exp_avg[i]});
      state.push_back({"exp_avg_sq." + group.names[i], group.exp_avg_sq[i]});
    }
  }
  return state;
}

void AdamW::resume_at(std::int64_t steps_done) {
  const at::NoGradGuard no_grad;
  steps_done_ = steps_done;
  step_.fill_(static_cast<double>(steps_done));
}

}  // namespace

OptimizerFactory adamw_optimizer() {
  OptimizerFactory factory;
  factory.help = "Adam with decoupled weight decay on matrices, one fused kernel";
  factory.source = "Loshchilov and Hutter 2019 (arXiv:1711.05101)";
  factory.make = [](const config::OptimizerConfig& options,
                    const std::vector<nn::NamedTensor>& parameters) -> std::unique_ptr<Optimizer> {
    return std::make_unique<AdamW>(options, parameters);
  };
  return factory;
}

}  // namespace nas::train
