#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/run/evaluator.hpp"
#include "nas/search/searcher.hpp"
#include "nas/store/study.hpp"

namespace nas::run {

/// Everything that a configuration stands for, built and checked: what search, dry run, replay
/// and verification share.
struct Plan {
  config::RunConfig config;
  std::shared_ptr<const space::Space> space;
  std::unique_ptr<search::Searcher> searcher;
  search::ProposalOptions proposal;
  search::Feasible feasible;                 ///< analytic constraints
  std::vector<space::Objective> objectives;  ///< the study's values
};

/// Builds and checks space, searcher and constraints; loads no data, touches no device.
/// `positions` are those of the file the config was read from. Throws Error(kConfig).
[[nodiscard]] Plan make_plan(const config::RunConfig& config, const JsonPositions& positions);

/// What a study of this plan is made with.
[[nodiscard]] store::StudyHeader study_header(const Plan& plan, const Evaluator& evaluator);

/// Values of the config's analytic constraints for one architecture, as Optuna has them: <= 0 is
/// satisfied; measured ones are added by the loop.
[[nodiscard]] std::vector<double> constraint_values(const config::RunConfig& config,
                                                    const space::Architecture& architecture,
                                                    const space::Scores& measured);

/// Analytic metrics by their names in the config: params, decoder_params, embedding_params,
/// flops_per_token, activation_bytes, peak_bytes.
[[nodiscard]] space::Scores analytic_scores(const config::RunConfig& config,
                                            const space::Architecture& architecture);

/// Whether a metric of the configuration is counted, so that it is known of every sample.
[[nodiscard]] bool is_analytic(const std::string& metric);

/// What the progress display is told, from any worker thread: implementations are thread safe.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_begin(const space::Trial& trial) { static_cast<void>(trial); }
  virtual void on_step(std::int64_t trial, std::int64_t step) {
    static_cast<void>(trial);
    static_cast<void>(step);
  }
  virtual void on_finish(const space::Trial& trial) { static_cast<void>(trial); }
  virtual void on_phase(const std::string& phase, std::int64_t jobs, std::int64_t done) {
    static_cast<void>(phase);
    static_cast<void>(jobs);
    static_cast<void>(done);
  }
};

/// How a run of the loop ended.
enum class RunEnd { kFinished, kInterrupted, kSecondsSpent };

struct RunOptions {
  std::int64_t workers = 0;  ///< threads; 0: as many as fit, never above search.parallelism
  Observer* observer = nullptr;
  /// From when budget.seconds counts.
  std::chrono::steady_clock::time_point start = std::chrono::steady_clock::now();
};

/// Runs (or goes on with) a study to the end of its budget or of its searcher, and its
/// verification. Throws Error(kFailures) when too many trials failed, Error(kInfeasible),
/// Error(kIo); whatever happens, the study stays resumable.
[[nodiscard]] RunEnd run_search(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                                const RunOptions& options);

/// COMPLETE trials that are no duplicates, best first: by value, the first of equals first. With
/// several objectives by the number of their front, then by the first objective.
[[nodiscard]] std::vector<const space::Trial*> ranked_trials(
    const std::vector<space::Trial>& trials, const std::vector<space::Objective>& objectives);

/// The first of ranked_trials, or nothing.
[[nodiscard]] const space::Trial* best_trial(const std::vector<space::Trial>& trials,
                                             const std::vector<space::Objective>& objectives);

/// Result of evaluating a finished trial again.
struct Replay {
  bool identical = false;
  std::string difference;  ///< first difference: state, step and values, weights hash
};

/// Evaluates a finished trial again from what the study stores and compares every bit: state,
/// reason, intermediate values, values, hashes of the weights; measured scores are those stored.
/// With `keep` equal weights are put into the trial's folder; others leave it as it is. Throws
/// Error(kUsage) for a trial that is not there or not finished.
[[nodiscard]] Replay replay_trial(const Plan& plan, const Evaluator& evaluator,
                                  const store::Study& study, std::int64_t number,
                                  bool keep = false);

/// Machine, ISA, versions; with the evaluator's facts merged in (determinism.md 5).
[[nodiscard]] Json environment_of(const Evaluator& evaluator);
/// Keys of a configuration that make results depend on the speed of the machine:
/// training.budget.seconds, training.timeout_seconds. The environment has them as
/// "not_reproducible".
[[nodiscard]] std::vector<std::string> unreproducible_keys(const config::RunConfig& config);
/// Lines that differ between two environments and that can change results.
[[nodiscard]] std::vector<std::string> environment_difference(const Json& stored, const Json& now);

}  // namespace nas::run
