#include "train/adamw.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include "nas/core/error.hpp"

namespace nas::train {

AdamW::AdamW(const config::OptimizerConfig& options, const std::vector<nn::NamedTensor>& parameters)
    : options_(options) {
  if (options.name != "adamw") {
    throw Error(ErrorKind::kConfig,
                "training.optimizer.name = \"" + options.name + "\": must be \"adamw\"");
  }
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

std::vector<at::Tensor> AdamW::gradients(const Group& group) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(group.weights.size());
  for (const at::Tensor& weight : group.weights) {
    gradients.push_back(weight.grad().defined() ? weight.grad() : at::zeros_like(weight));
  }
  return gradients;
}

at::Tensor AdamW::gradient_norm() const {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> norms;
  for (const Group& group : groups_) {
    if (group.weights.empty()) continue;
    for (at::Tensor& norm : at::_foreach_norm(gradients(group))) norms.push_back(std::move(norm));
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
    std::vector<at::Tensor> gradients = AdamW::gradients(group);
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

}  // namespace nas::train
