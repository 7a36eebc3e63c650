#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "nas/nn/model.hpp"
#include "nas/ops/captured_graph.hpp"
#include "nas/train/training.hpp"
#include "train/optimizer.hpp"

namespace nas::train {

/// The steps of one training, one after the other: a batch, forward, backward, update.
class TrainingStep {
 public:
  TrainingStep() = default;
  virtual ~TrainingStep() = default;
  TrainingStep(const TrainingStep&) = delete;
  TrainingStep& operator=(const TrainingStep&) = delete;

  /// Step `step` (from 0, one more than that before) with its learning rate. A GPU works on after
  /// this returns. On the CPU a step with first_bad() changes no weight.
  virtual void run(std::int64_t step, double learning_rate) = 0;

  /// Says which of the steps so far was the first whose loss or gradient norm is not finite;
  /// nothing when none was. Waits for a GPU.
  [[nodiscard]] virtual std::optional<std::string> first_bad() const = 0;
  /// Steps between two askings.
  [[nodiscard]] virtual std::int64_t poll_interval() const = 0;

  /// Losses of steps [from, to), nats per token, added up in order. Steps of this object alone, at
  /// most kLossesKept of them, `to` the step after the last. Waits for a GPU.
  static constexpr std::int64_t kLossesKept = std::int64_t{1} << 16U;
  [[nodiscard]] virtual double loss_sum(std::int64_t from, std::int64_t to) const = 0;
};

/// Loss in nats per token, [] float32, at which backward() starts. tokens: [batch, seq + 1] int64;
/// pieces: as nn::Model::pieces_of makes them, or null.
[[nodiscard]] at::Tensor next_token_loss(const nn::Model& model, const at::Tensor& tokens,
                                         const nn::DocumentPieces* pieces);

/// On the model's device. On a GPU steps are replays of captured graphs, the first one on
/// a stream excepted, unless training.capture is off; the same bits as without. All arguments
/// outlive it. steps_done: of earlier attempts; stream: the one it runs on.
[[nodiscard]] std::unique_ptr<TrainingStep> make_training_step(const TrainingRequest& request,
                                                               nn::Model& model,
                                                               Optimizer& optimizer,
                                                               std::int64_t steps_done,
                                                               const ops::StreamLease& stream);

}  // namespace nas::train
