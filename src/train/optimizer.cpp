#include "train/optimizer.hpp"

#include <ATen/Functions.h>

namespace nas::train {

std::vector<at::Tensor> gradients_of(const std::vector<at::Tensor>& weights) {
  std::vector<at::Tensor> gradients;
  gradients.reserve(weights.size());
  for (const at::Tensor& weight : weights) {
    gradients.push_back(weight.grad().defined() ? weight.grad() : at::zeros_like(weight));
  }
  return gradients;
}

}  // namespace nas::train
