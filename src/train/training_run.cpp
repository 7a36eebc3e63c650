#include "train/training_run.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "nas/core/crash_point.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/safetensors.hpp"
#include "train/schedule.hpp"

namespace nas::train {
namespace {

space::Score make_score(const std::string& name, double value, const std::string& unit,
                        const std::string& protocol) {
  space::Score score;
  score.name = name;
  score.value = value;
  score.unit = unit;
  score.protocol = protocol;
  return score;
}

nn::Model trained_model(const TrainingRequest& request) {
  nn::Model model(request.architecture, request.lowering);
  model.make_narrow_copies();
  return model;
}

}  // namespace

TrainingRun::TrainingRun(const TrainingRequest& request, Progress& progress,
                         const ops::StreamLease& stream)
    : request_(request),
      progress_(progress),
      stream_(stream),
      model_(trained_model(request)),
      optimizer_(builtin_optimizers()
                     .at(request.training.optimizer.name)
                     .make(request.training.optimizer, model_.trained())),
      pace_(request),
      identity_(training_identity(request)) {
  const std::string& device = model_.options().device;
  const config::TrainingConfig& training = request.training;
  validation_ =
      request.dataset->validation_windows(training.eval_batches * training.batch_size, device);
  target_bytes_ = request.dataset->target_bytes(validation_);
  if (device != "cpu") evaluation_.emplace(model_, validation_, training, stream);
}

void TrainingRun::start() {
  crash_point("build");
  if (!request_.checkpoint_path.empty()) {
    if (auto stored = load_checkpoint(request_.checkpoint_path, identity_, model_, *optimizer_)) {
      progress_ = std::move(*stored);
      seconds_before_ = progress_.seconds;
      steps_before_ = progress_.step;
      reported_seconds_ = progress_.seconds;
      reported_steps_ = progress_.step;
      log_debug("training continues after " + pace_.steps_text(progress_.step));
    }
  }
  if (progress_.step == 0) model_.initialise(request_.seed, request_.repeat);
  step_ = make_training_step(request_, model_, *optimizer_, progress_.step, stream_);
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
  bool stopped = false;
  if (const auto end = train_steps(stopped)) return ended(*end);
  if (stopped) return std::nullopt;
  return finish();
}

std::optional<TrainingRun::End> TrainingRun::train_steps(bool& stopped) {
  const std::int64_t checkpoint_every = request_.training.checkpoint_every;
  while (!pace_.is_spent(progress_.step, seconds())) {
    if (request_.should_stop && request_.should_stop()) {
      if (auto end = first_bad_step()) return end;
      save();
      stopped = true;
      return std::nullopt;
    }
    if (auto end = train_step()) return end;
    if (request_.on_step) request_.on_step(progress_.step);
    if (auto end = evaluate_midway()) return end;
    if (auto end = check_time()) return end;
    if (checkpoint_every > 0 && progress_.step % checkpoint_every == 0 &&
        !pace_.is_spent(progress_.step, seconds())) {
      if (auto end = first_bad_step()) return end;
      save();
    }
  }
  return std::nullopt;
}

std::optional<TrainingRun::End> TrainingRun::train_step() {
  const config::TrainingConfig& training = request_.training;
  const double rate =
      learning_rate(training, pace_.total_steps(progress_.step, seconds()), progress_.step);
  step_->run(progress_.step, rate);
  ++progress_.step;
  if (pace_.counts_into_loss(progress_.step, seconds())) ++uncollected_;
  if (uncollected_ == TrainingStep::kLossesKept) collect_losses();
  if (progress_.step % step_->poll_interval() == 0) {
    if (auto end = first_bad_step()) return end;
  }
  if (request_.on_scalar && progress_.step % pace_.curve_interval() == 0) report_step(rate);
  return std::nullopt;
}

void TrainingRun::collect_losses() {
  progress_.loss_sum += step_->loss_sum(progress_.step - uncollected_, progress_.step);
  progress_.loss_count += uncollected_;
  uncollected_ = 0;
}

void TrainingRun::report(const char* name, double value) const {
  if (request_.on_scalar) request_.on_scalar(name, progress_.step, value);
}

void TrainingRun::report_step(double learning_rate) {
  const double now = seconds();
  report("train_loss", step_->loss_sum(progress_.step - 1, progress_.step));
  report("learning_rate", learning_rate);
  report("steps_per_second", static_cast<double>(progress_.step - reported_steps_) /
                                 std::max(now - reported_seconds_, 1e-9));
  reported_seconds_ = now;
  reported_steps_ = progress_.step;
}

std::optional<TrainingRun::End> TrainingRun::first_bad_step() const {
  const std::optional<std::string> bad = step_->first_bad();
  if (!bad) return std::nullopt;
  return End{space::TrialState::kFail, "nan", *bad};
}

std::optional<TrainingRun::End> TrainingRun::evaluate_midway() {
  const config::TrainingConfig& training = request_.training;
  const std::int64_t step = progress_.step;
  const double now = seconds();
  if (pace_.is_spent(step, now)) return std::nullopt;
  const std::optional<std::size_t> hurdle = pace_.hurdle(progress_, now);
  const bool is_due = training.eval_every > 0 && step % training.eval_every == 0;
  if (!hurdle && !is_due) return std::nullopt;
  if (auto end = first_bad_step()) return end;
  const double nats = validation_nats();
  const double value = validation_bpb(nats);
  if (!std::isfinite(value)) {
    return End{space::TrialState::kFail, "nan",
               "validation loss after step " + std::to_string(step) + " is " + format_exact(value)};
  }
  progress_.intermediate.emplace_back(step, value);
  report("val_bpb", value);
  report("val_loss", nats);
  if (request_.on_value) request_.on_value(step, value);
  if (!hurdle) return std::nullopt;
  progress_.hurdles.resize(*hurdle, 0);
  progress_.hurdles.push_back(step);
  return pruned_at(*hurdle, value);
}

std::optional<TrainingRun::End> TrainingRun::pruned_at(std::size_t hurdle, double value) const {
  const double bar = request_.hurdle_bars[hurdle];
  // A bar that is NaN lets everyone pass.
  if (!(value > bar)) return std::nullopt;
  return End{space::TrialState::kPruned, "hurdle",
             "val_bpb " + format_significant(value, 5) + " after step " +
                 std::to_string(progress_.step) + " is above the bar " +
                 format_significant(bar, 5)};
}

std::optional<TrainingRun::End> TrainingRun::check_time() const {
  const config::TrainingConfig& training = request_.training;
  if (training.timeout_seconds <= 0 || seconds() <= training.timeout_seconds) return std::nullopt;
  return End{space::TrialState::kFail, "timeout",
             format_seconds(seconds()) + " after " + pace_.steps_text(progress_.step) +
                 ", training.timeout_seconds = " + format_exact(training.timeout_seconds)};
}

double TrainingRun::validation_nats() {
  crash_point("evaluate");
  if (evaluation_) return evaluation_->nats();
  return evaluate_nats(model_, validation_, request_.training.batch_size);
}

double TrainingRun::validation_bpb(double nats) const {
  const at::Tensor& tokens = validation_.tokens;
  return bits_per_byte(nats, tokens.size(0) * (tokens.size(1) - 1), target_bytes_);
}

double TrainingRun::seconds() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  return seconds_before_ + elapsed.count();
}

void TrainingRun::save() {
  progress_.seconds = seconds();
  collect_losses();
  if (request_.checkpoint_path.empty()) return;
  save_checkpoint(request_.checkpoint_path, identity_, model_, *optimizer_, progress_);
}

TrainingResult TrainingRun::ended(const End& end) const {
  TrainingResult result;
  result.outcome.state = end.state;
  result.outcome.reason = end.reason;
  result.outcome.detail = end.detail;
  result.outcome.intermediate = progress_.intermediate;
  result.outcome.hurdles = progress_.hurdles;
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
  report("val_bpb", bpb);
  report("val_loss", nats);
  TrainingResult result = ended({space::TrialState::kComplete, "", ""});
  result.outcome.value = bpb;
  const double in_this_attempt = seconds() - seconds_before_;
  // By the clock a training may be resumed after its end, and then no step counted.
  collect_losses();
  const double train_loss =
      progress_.loss_sum / static_cast<double>(std::max<std::int64_t>(1, progress_.loss_count));
  const std::string windows = std::to_string(validation_.tokens.size(0)) +
                              " validation windows of " + std::to_string(training.seq_len) +
                              " tokens" +
                              (validation_.document_starts.defined() ? ", by document" : "");
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
