#include "train/evaluation.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace nas::train {

at::Tensor nats_of(const nn::Model& model, const at::Tensor& windows,
                   const nn::DocumentPieces* pieces) {
  const std::int64_t seq = windows.size(1) - 1;
  const at::Tensor inputs = windows.narrow(1, 0, seq).contiguous();
  const at::Tensor logits =
      pieces == nullptr ? model.forward(inputs) : model.forward_pieces(inputs, *pieces);
  const at::Tensor targets = windows.narrow(1, 1, seq).reshape(-1);
  const at::Tensor losses =
      at::cross_entropy_loss(logits.flatten(0, 1), targets, {}, at::Reduction::None);
  return losses.to(at::kDouble).sum();
}

std::vector<EvaluationBatch> evaluation_batches(const nn::Model& model,
                                                const data::Windows& windows, std::int64_t batch) {
  std::vector<EvaluationBatch> batches;
  const std::int64_t rows = windows.tokens.size(0);
  for (std::int64_t begin = 0; begin < rows; begin += batch) {
    const std::int64_t count = std::min(batch, rows - begin);
    at::Tensor starts = windows.document_starts;
    if (starts.defined()) starts = starts.narrow(0, begin, count);
    batches.push_back({windows.tokens.narrow(0, begin, count), model.pieces_of(starts)});
  }
  return batches;
}

double evaluate_nats(const nn::Model& model, const data::Windows& windows, std::int64_t batch) {
  const at::NoGradGuard no_grad;
  // On the device, so that a GPU is asked once at the end.
  at::Tensor sum = at::zeros({}, windows.tokens.options().dtype(at::kDouble));
  for (const EvaluationBatch& part : evaluation_batches(model, windows, batch)) {
    sum.add_(nats_of(model, part.windows, part.pieces ? &*part.pieces : nullptr));
  }
  const at::Tensor& tokens = windows.tokens;
  return sum.item<double>() / static_cast<double>(tokens.size(0) * (tokens.size(1) - 1));
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
