#include "train/host_step.hpp"

#include <ATen/ops/scalar_tensor.h>

#include <cmath>

#include "nas/core/crash_point.hpp"
#include "nas/core/units.hpp"

namespace nas::train {

HostStep::HostStep(const TrainingRequest& request, nn::Model& model, Optimizer& optimizer)
    : request_(request), model_(model), optimizer_(optimizer), losses_(kLossesKept) {}

void HostStep::run(std::int64_t step, double learning_rate) {
  const data::Windows windows = request_.dataset->train_batch(
      request_.seed, request_.repeat, static_cast<std::uint32_t>(step),
      request_.training.batch_size, model_.options().device);
  const auto pieces = model_.pieces_of(windows.document_starts);
  const at::Tensor loss = next_token_loss(model_, windows.tokens, pieces ? &*pieces : nullptr);
  loss.backward();
  crash_point("train");
  const at::Tensor norm = optimizer_.gradient_norm();
  const auto loss_nats = loss.item<float>();
  const auto norm_value = norm.item<double>();
  losses_[static_cast<std::size_t>(step % kLossesKept)] = loss_nats;
  if (!std::isfinite(loss_nats) || !std::isfinite(norm_value)) {
    bad_ = "step " + std::to_string(step + 1) + ": loss " + format_significant(loss_nats, 4) +
           ", gradient norm " + format_significant(norm_value, 4);
    return;
  }
  optimizer_.step(norm, at::scalar_tensor(learning_rate, at::kDouble));
}

double HostStep::loss_sum(std::int64_t from, std::int64_t to) const {
  double sum = 0;
  for (std::int64_t step = from; step < to; ++step) {
    sum += losses_[static_cast<std::size_t>(step % kLossesKept)];
  }
  return sum;
}

}  // namespace nas::train
