#include "train/training_step.hpp"

#include "nas/ops/philox.hpp"
#include "train/device_step.hpp"
#include "train/host_step.hpp"

namespace nas::train {

at::Tensor next_token_loss(const nn::Model& model, const at::Tensor& tokens,
                           const at::Tensor& document_starts) {
  const std::int64_t seq = tokens.size(1) - 1;
  return model.loss(tokens.narrow(1, 0, seq).contiguous(), tokens.narrow(1, 1, seq).contiguous(),
                    document_starts, ops::LossGradient::kOne);
}

std::unique_ptr<TrainingStep> make_training_step(const TrainingRequest& request, nn::Model& model,
                                                 Optimizer& optimizer, std::int64_t steps_done) {
  if (model.options().device == "cpu" || !ops::has_cuda_kernels()) {
    return std::make_unique<HostStep>(request, model, optimizer);
  }
  return std::make_unique<DeviceStep>(request, model, optimizer, steps_done);
}

}  // namespace nas::train
