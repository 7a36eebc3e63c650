#include "train/training_run.hpp"

#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>

#include "nas/core/crash_point.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/safetensors.hpp"
#include "train/schedule.hpp"

namespace nas::train {
namespace {

constexpr std::int64_t kPollSteps = 32;
constexpr std::int64_t kNoStep = std::numeric_limits<std::int64_t>::max();

/// The training loss is the mean over the last tenth of the steps.
bool counts_into_loss(const config::TrainingConfig& training, std::int64_t step) {
  return step >= training.steps - std::max<std::int64_t>(1, training.steps / 10);
}

std::string steps_text(std::int64_t done, std::int64_t all) {
  return std::to_string(done) + " of " + std::to_string(all) + " steps";
}

space::Score make_score(const std::string& name, double value, const std::string& unit,
                        const std::string& protocol) {
  space::Score score;
  score.name = name;
  score.value = value;
  score.unit = unit;
  score.protocol = protocol;
  return score;
}

}  // namespace

TrainingRun::TrainingRun(const TrainingRequest& request, Progress& progress)
    : request_(request),
      progress_(progress),
      model_(request.architecture, request.lowering),
      optimizer_(request.training.optimizer, model_.parameters()),
      identity_(training_identity(request)) {
  const std::string& device = model_.options().device;
  const config::TrainingConfig& training = request.training;
  validation_ =
      request.dataset->validation_windows(training.eval_batches * training.batch_size, device);
  target_bytes_ = request.dataset->target_bytes(validation_);
  const at::TensorOptions on_device(at::Device{device});
  loss_sum_ = at::zeros({}, on_device.dtype(at::kDouble));
  if (device != "cpu") first_bad_ = at::full({}, kNoStep, on_device.dtype(at::kLong));
}

void TrainingRun::start() {
  crash_point("build");
  if (!request_.checkpoint_path.empty()) {
    if (auto stored = load_checkpoint(request_.checkpoint_path, identity_, model_, optimizer_)) {
      progress_ = std::move(*stored);
      seconds_before_ = progress_.seconds;
      steps_before_ = progress_.step;
      loss_sum_.fill_(progress_.loss_sum);
      log_debug("training continues after " + steps_text(progress_.step, request_.training.steps));
      return;
    }
  }
  model_.initialise(request_.seed, request_.repeat);
}

std::optional<TrainingRun::End> TrainingRun::leaks() const {
  if (!request_.check_causality || progress_.step > 0) return std::nullopt;
  const std::string where =
      nn::causality_violation(model_, request_.training.seq_len, request_.seed);
  if (where.empty()) return std::nullopt;
  return End{space::TrialState::kFail, "leak", where};
}

std::optional<TrainingResult> TrainingRun::run() {
  start();
  if (const auto end = leaks()) return ended(*end);
  const config::TrainingConfig& training = request_.training;
  while (progress_.step < training.steps) {
    if (request_.should_stop && request_.should_stop()) {
      if (const auto end = first_bad_step()) return ended(*end);
      save();
      return std::nullopt;
    }
    if (const auto end = train_step()) return ended(*end);
    if (request_.on_step) request_.on_step(progress_.step);
    if (const auto end = evaluate_midway()) return ended(*end);
    if (const auto end = check_time()) return ended(*end);
    const bool is_last = progress_.step == training.steps;
    if (training.checkpoint_every > 0 && progress_.step % training.checkpoint_every == 0 &&
        !is_last) {
      if (const auto end = first_bad_step()) return ended(*end);
      save();
    }
  }
  return finish();
}

std::optional<TrainingRun::End> TrainingRun::train_step() {
  const config::TrainingConfig& training = request_.training;
  const std::int64_t step = progress_.step;
  const at::Tensor windows = request_.dataset->train_batch(
      request_.seed, request_.repeat, static_cast<std::uint32_t>(step), training.batch_size,
      model_.options().device);
  const at::Tensor logits = model_.forward(windows.narrow(1, 0, training.seq_len).contiguous());
  const at::Tensor targets = windows.narrow(1, 1, training.seq_len).reshape(-1);
  const at::Tensor loss = at::cross_entropy_loss(logits.flatten(0, 1), targets);
  loss.backward();
  crash_point("train");
  const at::Tensor norm = optimizer_.gradient_norm();
  if (const auto end = check_finite(loss, norm)) return end;
  optimizer_.step(norm, learning_rate(training, step));
  if (counts_into_loss(training, step)) {
    loss_sum_.add_(loss.detach());
    ++progress_.loss_count;
  }
  ++progress_.step;
  return std::nullopt;
}

std::optional<TrainingRun::End> TrainingRun::check_finite(const at::Tensor& loss,
                                                          const at::Tensor& norm) {
  const at::NoGradGuard no_grad;
  const std::int64_t step = progress_.step + 1;
  if (!first_bad_.defined()) {
    const double loss_value = loss.item<double>();
    const double norm_value = norm.item<double>();
    if (std::isfinite(loss_value) && std::isfinite(norm_value)) return std::nullopt;
    return End{space::TrialState::kFail, "nan",
               "step " + std::to_string(step) + ": loss " + format_significant(loss_value, 4) +
                   ", gradient norm " + format_significant(norm_value, 4)};
  }
  const at::Tensor is_finite = at::isfinite(loss.detach()).logical_and_(at::isfinite(norm));
  first_bad_ = at::where(is_finite, first_bad_, first_bad_.clamp_max(step));
  return step % kPollSteps == 0 ? first_bad_step() : std::nullopt;
}

std::optional<TrainingRun::End> TrainingRun::first_bad_step() const {
  if (!first_bad_.defined()) return std::nullopt;
  const std::int64_t step = first_bad_.item<std::int64_t>();
  if (step == kNoStep) return std::nullopt;
  return End{space::TrialState::kFail, "nan",
             "step " + std::to_string(step) + ": loss or gradient norm is not finite"};
}

std::optional<TrainingRun::End> TrainingRun::evaluate_midway() {
  const config::TrainingConfig& training = request_.training;
  const std::int64_t step = progress_.step;
  if (step >= training.steps) return std::nullopt;
  const auto& hurdles = request_.hurdle_steps;
  const auto hurdle = std::find(hurdles.begin(), hurdles.end(), step);
  const bool is_due = training.eval_every > 0 && step % training.eval_every == 0;
  if (hurdle == hurdles.end() && !is_due) return std::nullopt;
  if (const auto end = first_bad_step()) return end;
  const double value = validation_bpb(validation_nats());
  if (!std::isfinite(value)) {
    return End{space::TrialState::kFail, "nan",
               "validation loss after step " + std::to_string(step) + " is " + format_exact(value)};
  }
  progress_.intermediate.emplace_back(step, value);
  if (request_.on_value) request_.on_value(step, value);
  if (hurdle == hurdles.end()) return std::nullopt;
  const double bar = request_.hurdle_bars[static_cast<std::size_t>(hurdle - hurdles.begin())];
  // A bar that is NaN lets everyone pass.
  if (!(value > bar)) return std::nullopt;
  return End{space::TrialState::kPruned, "hurdle",
             "val_bpb " + format_significant(value, 5) + " after step " + std::to_string(step) +
                 " is above the bar " + format_significant(bar, 5)};
}

std::optional<TrainingRun::End> TrainingRun::check_time() const {
  const config::TrainingConfig& training = request_.training;
  if (training.timeout_seconds <= 0 || seconds() <= training.timeout_seconds) return std::nullopt;
  return End{space::TrialState::kFail, "timeout",
             format_seconds(seconds()) + " after " + steps_text(progress_.step, training.steps) +
                 ", training.timeout_seconds = " + format_exact(training.timeout_seconds)};
}

double TrainingRun::validation_nats() const {
  crash_point("evaluate");
  return evaluate_nats(model_, validation_, request_.training.batch_size);
}

double TrainingRun::validation_bpb(double nats) const {
  return bits_per_byte(nats, validation_.size(0) * (validation_.size(1) - 1), target_bytes_);
}

double TrainingRun::seconds() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  return seconds_before_ + elapsed.count();
}

void TrainingRun::save() {
  progress_.seconds = seconds();
  progress_.loss_sum = loss_sum_.item<double>();
  if (request_.checkpoint_path.empty()) return;
  save_checkpoint(request_.checkpoint_path, identity_, model_, optimizer_, progress_);
}

TrainingResult TrainingRun::ended(const End& end) const {
  TrainingResult result;
  result.outcome.state = end.state;
  result.outcome.reason = end.reason;
  result.outcome.detail = end.detail;
  result.outcome.intermediate = progress_.intermediate;
  result.outcome.seconds = seconds();
  return result;
}

std::optional<TrainingResult> TrainingRun::finish() {
  if (const auto end = first_bad_step()) return ended(*end);
  const config::TrainingConfig& training = request_.training;
  const double nats = validation_nats();
  const double bpb = validation_bpb(nats);
  if (!std::isfinite(bpb)) {
    return ended({space::TrialState::kFail, "nan",
                  "validation loss after the last step is " + format_exact(bpb)});
  }
  TrainingResult result = ended({space::TrialState::kComplete, "", ""});
  result.outcome.value = bpb;
  const double in_this_attempt = seconds() - seconds_before_;
  const double train_loss = loss_sum_.item<double>() / static_cast<double>(progress_.loss_count);
  const std::string windows = std::to_string(validation_.size(0)) + " validation windows of " +
                              std::to_string(training.seq_len) + " tokens";
  result.outcome.scores = {
      make_score("val_bpb", bpb, "bits/byte", windows + ", after the last step"),
      make_score("val_loss_nats", nats, "nats/token", windows + ", after the last step"),
      make_score("train_loss_nats", train_loss, "nats/token",
                 "mean over the last " + std::to_string(progress_.loss_count) + " training steps"),
      make_score("train_seconds", seconds(), "s", "wall clock with evaluations, all attempts"),
      make_score("steps_per_second",
                 static_cast<double>(progress_.step - steps_before_) / in_this_attempt, "1/s",
                 "wall clock with evaluations, last attempt")};
  result.weights_hash = model_.weights_hash().hex();
  if (!request_.weights_path.empty()) {
    nn::write_safetensors(request_.weights_path, model_.parameters(),
                          {{"format", "pt"},
                           {"nas_architecture_hash", space::hash_of(request_.architecture).hex()},
                           {"nas_weights_hash", result.weights_hash},
                           {"nas_training_steps", std::to_string(progress_.step)}});
  }
  return result;
}

}  // namespace nas::train
