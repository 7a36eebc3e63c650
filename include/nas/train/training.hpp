#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/data/dataset.hpp"
#include "nas/nn/model.hpp"
#include "nas/space/trial.hpp"

namespace nas::train {

/// One training of one architecture. The result is a function of (architecture, training, seed,
/// repeat, dataset, device kind, compute threads) alone, unless training.budget.seconds is set.
struct TrainingRequest {
  space::Architecture architecture;
  config::TrainingConfig training;  ///< `steps` counts, as training_steps gives them
  std::uint64_t seed = 0;
  std::uint32_t repeat = 0;
  std::shared_ptr<const data::Dataset> dataset;
  nn::LowerOptions lowering;     ///< bf16 as uses_bf16 says
  bool check_causality = false;  ///< numeric check before the first step
  /// Empty: none; read when it exists. It stays: who has stored the result removes it.
  std::string checkpoint_path;
  std::string weights_path;                ///< empty: none; final weights of a COMPLETE training
  std::vector<std::int64_t> hurdle_steps;  ///< increasing; 0: this hurdle does not stand
  std::vector<double> hurdle_seconds;      ///< in their place with training.budget.seconds
  std::vector<double> hurdle_bars;         ///< one for each; NaN: everyone passes
  /// Called with (step, val_bpb) at hurdles and at every evaluation but the last.
  std::function<void(std::int64_t, double)> on_value;
  /// Called with (name, step, value) at points of the training's curves: train_loss,
  /// learning_rate, steps_per_second now and then, val_bpb and val_loss at every evaluation.
  std::function<void(const std::string&, std::int64_t, double)> on_scalar;
  /// Called after every step; for progress.
  std::function<void(std::int64_t)> on_step;
  /// Polled between steps; true: save a checkpoint and return nothing.
  std::function<bool()> should_stop;
};

/// What a training leaves besides its outcome.
struct TrainingResult {
  /// value: val_bpb; scores of a COMPLETE training: val_bpb, val_loss_nats, train_loss_nats (mean
  /// over the last tenth of the steps), train_seconds, steps_per_second.
  space::Outcome outcome;
  std::string weights_hash;  ///< of the final weights, COMPLETE only
};

/// Trains. NaN and Inf ("nan"), out of memory ("oom"), a missed hurdle ("hurdle"), the time limit
/// ("timeout"), a numeric leak ("leak") and an operation that LibTorch refuses ("error") are
/// outcomes with a reason; nothing when should_stop asked (a checkpoint was saved first). Sets the
/// calling thread's number of compute threads. Throws Error(kIo) when a checkpoint cannot be
/// written, Error(kDevice) when a device fails.
[[nodiscard]] std::optional<TrainingResult> train(const TrainingRequest& request);

/// Mean next-token loss in nats per token over windows, in batches.
[[nodiscard]] double evaluate_nats(const nn::Model& model, const data::Windows& windows,
                                   std::int64_t batch);

/// bits per byte = nats * tokens / (bytes * ln 2).
[[nodiscard]] double bits_per_byte(double nats_per_token, std::int64_t tokens, std::int64_t bytes);

/// Whether activations are bfloat16 by training.precision: "auto" means on a GPU. For
/// LowerOptions::bf16.
[[nodiscard]] bool uses_bf16(const config::TrainingConfig& training, const std::string& device);

/// Training step of the checkpoint at this path, 0 when there is none.
[[nodiscard]] std::int64_t checkpoint_step(const std::string& path);

}  // namespace nas::train
