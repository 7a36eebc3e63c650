#pragma once

#include <chrono>
#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <set>
#include <vector>

#include "nas/run/search_run.hpp"

namespace nas::run {

/// The search loop: W logical slots, any number of worker threads up to W. A trial n is proposed
/// only when trials <= n - W are finished, so what a proposal sees does not depend on how many
/// workers there are or in which order they end (determinism.md 4).
class SearchLoop {
 public:
  SearchLoop(const Plan& plan, const Evaluator& evaluator, store::Study& study,
             const RunOptions& options);

  /// Runs until budget.trials are finished or the searcher is exhausted. Throws what a worker
  /// threw.
  RunEnd run();

 private:
  struct Job {
    std::int64_t number = -1;
    std::vector<double> bars;
  };

  void work();
  /// Next trial to evaluate, under the lock; waits for results it depends on. False: no more.
  bool next_job(std::unique_lock<std::mutex>& lock, Job& job);
  bool take_waiting(Job& job);
  void propose_trial(std::int64_t number, Job& job);
  void evaluate(const Job& job);
  /// The trial's outcome and attributes; nothing when interrupted.
  std::optional<EvaluationResult> evaluate_candidate(const Job& job, const space::Trial& trial);
  /// Analytic scores and the latency, measured once for a trial however often it is begun.
  space::Scores scores_before_training(const space::Trial& trial);
  std::optional<EvaluationResult> train(const Job& job, const space::Trial& trial);
  /// With repeat.seeds, the trainings of the candidate that an earlier attempt finished.
  [[nodiscard]] std::vector<EvaluationResult> finished_trainings(const space::Trial& trial) const;
  /// Training steps that the next attempt need not do again, over all seeds.
  [[nodiscard]] std::int64_t progress_of(const space::Trial& trial) const;
  /// Of all trainings of a finished trial.
  void remove_checkpoints(std::int64_t number) const;
  void copy_original(const Job& job);
  void finish(std::int64_t number, EvaluationResult result);
  void check_failures() const;
  [[nodiscard]] std::size_t finished_prefix() const;
  [[nodiscard]] search::History history_for(std::int64_t number) const;
  [[nodiscard]] bool stop_requested();
  [[nodiscard]] std::string trial_folder(std::int64_t number) const;

  const Plan& plan_;
  const Evaluator& evaluator_;
  store::Study& study_;
  RunOptions options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<space::Trial> trials_;  ///< index = number
  std::set<std::int64_t> waiting_;    ///< requeued or interrupted in an earlier process
  std::exception_ptr failure_;
  bool stopping_ = false;
  bool seconds_spent_ = false;
};

/// Number of worker threads for a plan: the option, else the machine's cores divided by the
/// threads of one trial, with GPUs at most four for each of them (one where a latency is measured),
/// at least one for each device, never above search.parallelism.
[[nodiscard]] std::int64_t worker_count(const Plan& plan, const Evaluator& evaluator,
                                        const RunOptions& options);

}  // namespace nas::run
