#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "nas/train/training.hpp"

namespace nas::train {

double evaluate_nats(const nn::Model& model, const data::Windows& windows, std::int64_t batch) {
  const at::NoGradGuard no_grad;
  const std::int64_t rows = windows.tokens.size(0);
  const std::int64_t seq = windows.tokens.size(1) - 1;
  // On the device, so that a GPU is asked once at the end.
  at::Tensor sum = at::zeros({}, windows.tokens.options().dtype(at::kDouble));
  for (std::int64_t begin = 0; begin < rows; begin += batch) {
    const std::int64_t count = std::min(batch, rows - begin);
    const at::Tensor part = windows.tokens.narrow(0, begin, count);
    at::Tensor starts = windows.document_starts;
    if (starts.defined()) starts = starts.narrow(0, begin, count);
    const at::Tensor logits = model.forward(part.narrow(1, 0, seq).contiguous(), starts);
    const at::Tensor targets = part.narrow(1, 1, seq).reshape(-1);
    const at::Tensor losses =
        at::cross_entropy_loss(logits.flatten(0, 1), targets, {}, at::Reduction::None);
    sum.add_(losses.to(at::kDouble).sum());
  }
  return sum.item<double>() / static_cast<double>(rows * seq);
}

double bits_per_byte(double nats_per_token, std::int64_t tokens, std::int64_t bytes) {
  return nats_per_token * static_cast<double>(tokens) /
         (static_cast<double>(bytes) * std::numbers::ln2);
}

bool uses_bf16(const config::TrainingConfig& training, const std::string& device) {
  if (training.precision == "auto") return device != "cpu";
  return training.precision == "bf16";
}

}  // namespace nas::train
