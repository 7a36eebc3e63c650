#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "nas/nn/model.hpp"
#include "nas/train/training.hpp"
#include "train/checkpoint.hpp"
#include "train/device_evaluation.hpp"
#include "train/optimizer.hpp"
#include "train/pace.hpp"
#include "train/training_step.hpp"

namespace nas::train {

/// The model, optimizer and data of one training while it runs. Everything it holds on the device
/// goes with it; what outlives it is in the Progress it is given.
class TrainingRun {
 public:
  /// stream: the one that it runs on.
  TrainingRun(const TrainingRequest& request, Progress& progress, const ops::StreamLease& stream);

  /// Restores a checkpoint or initialises, and trains. Nothing when should_stop asked.
  [[nodiscard]] std::optional<TrainingResult> run();

 private:
  /// Why a training ends before its last step.
  struct End {
    space::TrialState state = space::TrialState::kFail;
    std::string reason;
    std::string detail;
  };

  void start();
  [[nodiscard]] std::optional<End> leaks() const;
  /// Trains until the budget is spent, something ends the training, or a stop is asked for.
  [[nodiscard]] std::optional<End> train_steps(bool& stopped);
  [[nodiscard]] std::optional<End> train_step();
  /// Reports a point of the curves.
  void report_step(double learning_rate);
  /// Adds to progress_.loss_sum what counts and is not in it yet.
  void collect_losses();
  void report(const char* name, double value) const;
  /// Evaluates where a hurdle or eval_every asks for it.
  [[nodiscard]] std::optional<End> evaluate_midway();
  /// The end at a hurdle whose bar the value is above.
  [[nodiscard]] std::optional<End> pruned_at(std::size_t hurdle, double value) const;
  [[nodiscard]] std::optional<End> check_time() const;
  [[nodiscard]] std::optional<End> first_bad_step() const;
  [[nodiscard]] std::optional<TrainingResult> finish();
  [[nodiscard]] double validation_nats();
  [[nodiscard]] double validation_bpb(double nats) const;
  [[nodiscard]] double seconds() const;
  void save();
  [[nodiscard]] TrainingResult ended(const End& end) const;

  const TrainingRequest& request_;
  Progress& progress_;
  const ops::StreamLease& stream_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  double seconds_before_ = 0;      ///< of earlier attempts
  std::int64_t steps_before_ = 0;  ///< of earlier attempts
  nn::Model model_;
  std::unique_ptr<Optimizer> optimizer_;
  std::unique_ptr<TrainingStep> step_;
  std::optional<DeviceEvaluation> evaluation_;  ///< on a GPU
  Pace pace_;
  std::string identity_;
  data::Windows validation_;
  std::int64_t target_bytes_ = 0;
  std::int64_t uncollected_ = 0;     ///< last steps whose losses count and are not collected yet
  double reported_seconds_ = 0;      ///< when the last point of the curves was reported,
  std::int64_t reported_steps_ = 0;  ///< and after which step
};

}  // namespace nas::train
