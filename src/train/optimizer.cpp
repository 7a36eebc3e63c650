#include "train/optimizer.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

namespace nas::train {

at::Tensor Optimizer::step_with_norm(const at::Tensor& learning_rate) {
  at::Tensor norm = gradient_norm();
  step(norm, learning_rate);
  return norm;
}

std::vector<at::Tensor> gradients_of(const std::vector<nn::TrainedTensor>& parameters) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(parameters.size());
  for (const nn::TrainedTensor& parameter : parameters) {
    at::Tensor sum = parameter.tensor.grad();
    if (parameter.narrow.defined() && parameter.narrow.grad().defined()) {
      const at::Tensor narrow = parameter.narrow.grad().to(at::kFloat);
      sum = sum.defined() ? sum.add(narrow) : narrow;
    }
    gradients.push_back(sum.defined() ? sum : at::zeros_like(parameter.tensor));
  }
  return gradients;
}

void drop_gradients(const std::vector<nn::TrainedTensor>& parameters) {
  for (const nn::TrainedTensor& parameter : parameters) {
    parameter.tensor.mutable_grad().reset();
    if (parameter.narrow.defined()) parameter.narrow.mutable_grad().reset();
  }
}

void refresh_narrow(const std::vector<nn::TrainedTensor>& parameters) {
  const at::NoGradGuard no_grad;
  for (const nn::TrainedTensor& parameter : parameters) {
    if (parameter.narrow.defined()) parameter.narrow.copy_(parameter.tensor);
  }
}

}  // namespace nas::train
