#include "progress.hpp"

#include <algorithm>
#include <atomic>
#include <cstdio>

#include "nas/core/log.hpp"
#include "nas/core/units.hpp"

namespace nas::cli {
namespace {

constexpr int kBarWidth = 24;
constexpr auto kRedraw = std::chrono::milliseconds(200);

/// Whether a progress line stands on the terminal, so that a log line first clears it.
std::atomic<bool> line_stands{false};

void clear_line() {
  if (line_stands.exchange(false)) std::fputs("\r\033[K", stderr);
}

std::string bar(double share) {
  const int full = std::clamp(static_cast<int>(share * kBarWidth), 0, kBarWidth);
  return "[" + std::string(static_cast<std::size_t>(full), '#') +
         std::string(static_cast<std::size_t>(kBarWidth - full), '-') + "]";
}

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

}  // namespace

Progress::Progress(const Options& options, const space::Trial* best)
    : options_(options), start_(std::chrono::steady_clock::now()), shown_(start_) {
  if (best != nullptr) {
    best_ = best->outcome.value;
    best_trial_ = best->number;
  }
  if (options_.terminal) set_log_hooks(clear_line, nullptr);
}

Progress::~Progress() {
  if (!options_.terminal) return;
  clear_line();
  set_log_hooks(nullptr, nullptr);
}

void Progress::on_begin(const space::Trial& trial) {
  const std::scoped_lock lock(mutex_);
  running_[trial.number] = 0;
  show(false);
}

void Progress::on_step(std::int64_t trial, std::int64_t step) {
  const std::scoped_lock lock(mutex_);
  running_[trial] = step;
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
  const auto time = std::chrono::steady_clock::now();
  const double since = std::chrono::duration<double>(time - shown_).count();
  if (options_.terminal) {
    if (!now && time - shown_ < kRedraw) return;
    std::fprintf(stderr, "\r\033[K%s", line().c_str());
    std::fflush(stderr);
    line_stands = true;
  } else {
    if (!now && since < options_.line_seconds) return;
    std::fprintf(stderr, "%s\n", line().c_str());
  }
  shown_ = time;
}

std::string Progress::line() const {
  if (phase_.empty()) return search_line();
  const double share =
      phase_jobs_ > 0 ? static_cast<double>(phase_done_) / static_cast<double>(phase_jobs_) : 1.0;
  return phase_ + " " + bar(share) + " " + std::to_string(phase_done_) + "/" +
         std::to_string(phase_jobs_) + " trainings with fresh seeds";
}

std::string Progress::search_line() const {
  const std::int64_t done = options_.finished + finished_here_;
  double partial = 0;
  for (const auto& [trial, step] : running_) {
    partial += static_cast<double>(step) /
               static_cast<double>(std::max<std::int64_t>(1, options_.total_steps));
  }
  const double progress = static_cast<double>(done) + partial;
  const auto budget = static_cast<double>(std::max<std::int64_t>(1, options_.budget));
  std::string text = "search " + bar(progress / budget) + " " + std::to_string(done) + "/" +
                     std::to_string(options_.budget) + " trials";
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
