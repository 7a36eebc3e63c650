#include "train/training_step.hpp"

#include "nas/ops/kernels.hpp"
#include "train/device_step.hpp"
#include "train/host_step.hpp"

namespace nas::train {

at::Tensor next_token_loss(const nn::Model& model, const at::Tensor& tokens,
                           const nn::DocumentPieces* pieces) {
  const std::int64_t seq = tokens.size(1) - 1;
  const at::Tensor inputs = tokens.narrow(1, 0, seq).contiguous();
  const at::Tensor targets = tokens.narrow(1, 1, seq).contiguous();
  return pieces == nullptr
             ? model.loss(inputs, targets, {}, ops::LossGradient::kOne)
             : model.loss_of_pieces(inputs, targets, *pieces, ops::LossGradient::kOne);
}

std::unique_ptr<TrainingStep> make_training_step(const TrainingRequest& request, nn::Model& model,
                                                 Optimizer& optimizer, std::int64_t steps_done,
                                                 const ops::StreamLease& stream) {
  if (!ops::has_kernels_on(at::Device(model.options().device))) {
    return std::make_unique<HostStep>(request, model, optimizer);
  }
  return std::make_unique<DeviceStep>(request, model, optimizer, steps_done, stream);
}

}  // namespace nas::train
