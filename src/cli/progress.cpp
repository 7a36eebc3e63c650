#include "progress.hpp"

#include <algorithm>

#include "nas/core/units.hpp"

namespace nas::cli {
namespace {

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Progress::Progress(const Options& options, const space::Trial* best)
    : options_(options),
      line_(options.terminal, options.line_seconds),
      start_(std::chrono::steady_clock::now()) {
  if (best != nullptr) {
    best_ = best->outcome.value;
    best_trial_ = best->number;
  }
}

void Progress::on_begin(const space::Trial& trial) {
  const std::scoped_lock lock(mutex_);
  running_[trial.number] = {
      0, std::max<std::int64_t>(1, options_.total_steps(trial.candidate.architecture))};
  show(false);
}

void Progress::on_step(std::int64_t trial, std::int64_t step) {
  const std::scoped_lock lock(mutex_);
  running_[trial].step = step;
  show(false);
}

void Progress::on_finish(const space::Trial& trial) {
  const std::scoped_lock lock(mutex_);
  running_.erase(trial.number);
  ++finished_here_;
  if (trial.outcome.state == space::TrialState::kComplete) {
    const bool first = best_trial_ < 0;
    const double value = trial.outcome.value;
    if (first || (options_.maximize ? value > best_ : value < best_)) {
      best_ = value;
      best_trial_ = trial.number;
    }
  }
  show(false);
}

void Progress::on_phase(const std::string& phase, std::int64_t jobs, std::int64_t done) {
  const std::scoped_lock lock(mutex_);
  phase_ = phase;
  phase_jobs_ = jobs;
  phase_done_ = done;
  show(done == 0);
}

void Progress::show(bool now) {
  line_.show([this] { return line(); }, now);
}

std::string Progress::line() const {
  if (phase_.empty()) return search_line();
  const double share =
      phase_jobs_ > 0 ? static_cast<double>(phase_done_) / static_cast<double>(phase_jobs_) : 1.0;
  return phase_ + " " + progress_bar(share) + " " + std::to_string(phase_done_) + "/" +
         std::to_string(phase_jobs_) +
         (phase_ == "verify" ? " trainings with fresh seeds" : " trials");
}

std::string Progress::search_line() const {
  const std::int64_t done = options_.finished + finished_here_;
  double partial = 0;
  for (const auto& [trial, running] : running_) {
    partial += static_cast<double>(running.step) / static_cast<double>(running.total_steps);
  }
  const double progress = static_cast<double>(done) + partial;
  const auto budget = static_cast<double>(std::max<std::int64_t>(1, options_.budget));
  std::string text = "search " + progress_bar(progress / budget) + " " + std::to_string(done) +
                     "/" + std::to_string(options_.budget) + " trials";
  if (best_trial_ >= 0) {
    text += "  best " + options_.metric + " " + format_significant(best_, 5) + " (trial " +
            std::to_string(best_trial_) + ")";
  }
  const double seconds = seconds_since(start_);
  const double here = static_cast<double>(finished_here_) + partial;
  if (finished_here_ > 0 && seconds > 1) {
    text += "  " + format_count(here / seconds * 3600) + " trials/h";
    text += "  ETA " + format_seconds(std::max(0.0, budget - progress) * seconds / here);
  }
  return text;
}

}  // namespace nas::cli
