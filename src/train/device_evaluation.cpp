#include "train/device_evaluation.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

namespace nas::train {

DeviceEvaluation::DeviceEvaluation(const nn::Model& model, const data::Windows& windows,
                                   const config::TrainingConfig& training,
                                   const ops::StreamLease& stream)
    : model_(model),
      batches_(evaluation_batches(model, windows, training.batch_size)),
      targets_(windows.tokens.size(0) * (windows.tokens.size(1) - 1)),
      windows_(at::empty_like(batches_.front().windows)),
      sum_(at::zeros({}, windows.tokens.options().dtype(at::kDouble))),
      work_(stream,
            [this](const nn::DocumentPieces* pieces) {
              sum_.add_(nats_of(model_, windows_, pieces));
            },
            {training.seq_len, training.capture, {}, {}}) {}

double DeviceEvaluation::nats() {
  const at::NoGradGuard no_grad;
  sum_.zero_();
  for (const EvaluationBatch& batch : batches_) {
    if (batch.windows.sizes() != windows_.sizes()) {
      sum_.add_(nats_of(model_, batch.windows, batch.pieces ? &*batch.pieces : nullptr));
      continue;
    }
    windows_.copy_(batch.windows);
    work_.run(batch.pieces);
  }
  return sum_.item<double>() / static_cast<double>(targets_);
}

}  // namespace nas::train
