#include "loop.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <thread>

#include "nas/core/crash_point.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/run/hurdles.hpp"

namespace nas::run {
namespace {

using space::Trial;
using space::TrialState;

/// More at a time make a GPU no faster (docs/performance.md).
constexpr std::int64_t kTrainingsOfAGpu = 4;

/// "auto" may be a GPU, as the evaluator knows.
bool is_on_gpu(const Plan& plan, const Evaluator& evaluator) {
  return plan.config.device.starts_with("cuda") ||
         evaluator.environment().value("device_kind", "") == "cuda";
}

}  // namespace

std::int64_t worker_count(const Plan& plan, const Evaluator& evaluator, const RunOptions& options) {
  std::int64_t workers = options.workers;
  if (workers <= 0) {
    const std::int64_t cores = std::max(1U, std::thread::hardware_concurrency());
    workers = cores / plan.config.training.threads;
    const auto devices = static_cast<std::int64_t>(config::device_names(plan.config.device).size());
    if (is_on_gpu(plan, evaluator)) {
      // A latency measured beside other trials on one GPU would be theirs too.
      const std::int64_t on_one = plan.config.profile.latency ? 1 : kTrainingsOfAGpu;
      workers = std::min(workers, on_one * devices);
    }
    workers = std::max(workers, devices);
  }
  return std::clamp<std::int64_t>(workers, 1, plan.config.search.parallelism);
}

SearchLoop::SearchLoop(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                       const RunOptions& options)
    : plan_(plan),
      evaluator_(evaluator),
      study_(study),
      options_(options),
      trials_(trials_with_hurdles(plan, study)) {
  for (const Trial& trial : trials_) {
    if (!is_finished(trial.outcome.state)) {
      waiting_.insert(trial.number);
    } else {
      remove_checkpoints(trial.number);  // a death may have come before
    }
  }
}

RunEnd SearchLoop::run() {
  check_failures();
  std::vector<std::thread> workers;
  const std::int64_t count = worker_count(plan_, evaluator_, options_);
  for (std::int64_t i = 0; i < count; ++i) workers.emplace_back([this] { work(); });
  for (std::thread& worker : workers) worker.join();
  if (failure_) std::rethrow_exception(failure_);
  if (interrupted()) return RunEnd::kInterrupted;
  return seconds_spent_ ? RunEnd::kSecondsSpent : RunEnd::kFinished;
}

void SearchLoop::work() {
  try {
    for (;;) {
      Job job;
      {
        std::unique_lock lock(mutex_);
        if (!next_job(lock, job)) break;
      }
      evaluate(job);
    }
  } catch (...) {
    const std::scoped_lock lock(mutex_);
    if (!failure_) failure_ = std::current_exception();
    stopping_ = true;
  }
  changed_.notify_all();
}

bool SearchLoop::next_job(std::unique_lock<std::mutex>& lock, Job& job) {
  for (;;) {
    if (stop_requested()) return false;
    if (take_waiting(job)) return true;
    const auto number = static_cast<std::int64_t>(trials_.size());
    if (number >= plan_.config.budget.trials) return false;
    const std::int64_t needed = number - plan_.config.search.parallelism + 1;
    if (static_cast<std::int64_t>(finished_prefix()) >= needed) {
      if (plan_.searcher->exhausted(history_for(number))) return false;
      propose_trial(number, job);
      return true;
    }
    // Signals do not wake a condition variable: look at them now and then.
    changed_.wait_for(lock, std::chrono::milliseconds(100));
  }
}

bool SearchLoop::take_waiting(Job& job) {
  if (waiting_.empty()) return false;
  job.number = *waiting_.begin();
  waiting_.erase(waiting_.begin());
  job.bars = bars_for(plan_, history_for(job.number));
  Trial& trial = trials_[static_cast<std::size_t>(job.number)];
  study_.resume_trial(job.number, progress_of(trial));
  trial.outcome.state = TrialState::kRunning;
  if (options_.observer) options_.observer->on_begin(trial);
  return true;
}

void SearchLoop::propose_trial(std::int64_t number, Job& job) {
  const search::History history = history_for(number);
  crash_point("propose");
  search::Proposal proposal =
      propose(*plan_.searcher, *plan_.space, history, number, plan_.proposal, plan_.feasible);
  job.number = number;
  job.bars = bars_for(plan_, history);
  study_.begin_trial(number, proposal.candidate, *plan_.space, Json(proposal.redrawn));
  Trial trial;
  trial.number = number;
  trial.candidate = std::move(proposal.candidate);
  trial.outcome.state = TrialState::kRunning;
  trials_.push_back(std::move(trial));
  if (options_.observer) options_.observer->on_begin(trials_.back());
}

void SearchLoop::finish(std::int64_t number, EvaluationResult result) {
  const std::scoped_lock lock(mutex_);
  Trial& trial = trials_[static_cast<std::size_t>(number)];
  const std::vector<double> constraints =
      constraint_values(plan_.config, trial.candidate.architecture, result.outcome.scores);
  study_.finish_trial(number, result.outcome, constraints, result.extra);
  trial.outcome = std::move(result.outcome);
  if (options_.observer) options_.observer->on_finish(trial);
  changed_.notify_all();
  check_failures();
}

void SearchLoop::check_failures() const {
  const config::BudgetConfig& budget = plan_.config.budget;
  const std::size_t prefix = finished_prefix();
  std::int64_t failed = 0;
  std::int64_t in_a_row = 0;
  std::map<std::string, std::int64_t> reasons;
  for (std::size_t i = 0; i < prefix; ++i) {
    const bool fail = trials_[i].outcome.state == TrialState::kFail;
    in_a_row = fail ? in_a_row + 1 : 0;
    if (!fail) continue;
    ++failed;
    ++reasons[trials_[i].outcome.reason];
    const auto seen = static_cast<std::int64_t>(i) + 1;
    const bool share_exceeded =
        seen >= budget.max_consecutive_failed &&
        static_cast<double>(failed) > budget.max_failed_share * static_cast<double>(seen);
    if (in_a_row < budget.max_consecutive_failed && !share_exceeded &&
        !(seen == budget.trials && failed == seen)) {
      continue;
    }
    std::string message =
        std::to_string(failed) + " of " + std::to_string(seen) + " trials failed (";
    for (const auto& [reason, count] : reasons) {
      message += (message.back() == '(' ? "" : ", ") + std::to_string(count) + " " + reason;
    }
    throw Error(ErrorKind::kFailures,
                message + "), " + std::to_string(in_a_row) +
                    " in a row; allowed are budget.max_consecutive_failed = " +
                    std::to_string(budget.max_consecutive_failed) +
                    " and budget.max_failed_share. See `nas trials` for each reason; last: " +
                    trials_[i].outcome.detail);
  }
}

std::size_t SearchLoop::finished_prefix() const {
  std::size_t count = 0;
  while (count < trials_.size() && is_finished(trials_[count].outcome.state)) ++count;
  return count;
}

search::History SearchLoop::history_for(std::int64_t number) const {
  const std::int64_t visible =
      std::max<std::int64_t>(0, number - plan_.config.search.parallelism + 1);
  return {std::span(trials_).first(static_cast<std::size_t>(number)),
          static_cast<std::size_t>(visible)};
}

bool SearchLoop::stop_requested() {
  if (interrupted()) stopping_ = true;
  const double limit = plan_.config.budget.seconds;
  if (!stopping_ && limit > 0) {
    const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - options_.start;
    if (spent.count() >= limit) {
      stopping_ = true;
      seconds_spent_ = true;
    }
  }
  return stopping_;
}

std::string SearchLoop::trial_folder(std::int64_t number) const {
  return study_.folder() + "/trials/" + std::to_string(number);
}

}  // namespace nas::run
