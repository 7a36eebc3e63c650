#pragma once

#include <memory>
#include <string>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

namespace nas::store {

/// What a study is made with and what never changes but by an allowed change on resume.
struct StudyHeader {
  std::string name;
  bool maximize = false;
  std::string metric;                                ///< name of the first objective: "val_bpb"
  std::vector<space::Objective> further_objectives;  ///< the second one on; most studies have none
  JsonValue config;       ///< resolved configuration, as config::with_former_meaning reads it
  JsonValue environment;  ///< machine, threads, ISA, versions (determinism.md 5)

  /// All objectives in order.
  [[nodiscard]] std::vector<space::Objective> objectives() const;
};

/// A repeated training of one architecture outside the trials (verification of the winner).
struct RepeatRun {
  std::string role;  ///< "winner", "initial", "top2", ...
  std::string hash;  ///< of the architecture
  std::uint32_t repeat = 0;
  space::Outcome outcome;
};

/// What a trial went through beyond Optuna's states.
struct Attempt {
  std::int64_t count = 0;  ///< attempts begun
  /// Attempts in a row that died before they passed the checkpoint that they began from. One that
  /// was stopped cleanly neither counts nor ends the row.
  std::int64_t without_progress = 0;
  std::int64_t checkpoint_step = 0;  ///< of the newest checkpoint when the last attempt began
};

/// A study's folder and database (docs/run-format.md). One process writes (it holds the folder's
/// lock), any number read. Every public call is one transaction, on the disk when it returns; all
/// are thread safe. Throws Error(kStudy) when the database is torn, foreign, newer, or locked,
/// Error(kIo) when reading or writing fails; the study stays as it was before the call. Wrong
/// numbers and states of trials are Error(kInternal).
///
/// Real numbers are read back with the bits that were written, except that a trial's value and its
/// intermediate values lose the sign of zero (SQLite keeps none).
class Study {
 public:
  enum class Access { kRead, kWrite };

  /// Makes folder, lock, tables and opens for writing. After a crash at any moment there is a whole
  /// study or none, and then `create` makes it. Throws Error(kUsage) when the folder holds a study
  /// already, damaged or foreign ones included, Error(kIo) on a network file system (SQLite's log
  /// does not work there; says what would).
  static Study create(const std::string& folder, const StudyHeader& header);
  /// Opens an existing one. kWrite takes the lock, checks the whole file and requeues trials left
  /// RUNNING by a dead process (RUNNING -> WAITING). kRead works beside a writer and in a folder
  /// where nothing may be written. Throws Error(kUsage) when the folder holds no study.
  static Study open(const std::string& folder, Access access);
  /// Whether the folder holds a study's database, a damaged or foreign one included. An empty file
  /// and one without tables are none.
  [[nodiscard]] static bool exists(const std::string& folder);

  Study(Study&&) noexcept;
  ~Study();

  [[nodiscard]] const std::string& folder() const;
  [[nodiscard]] StudyHeader header() const;
  void replace_config(const Json& config);     ///< after an allowed change
  void record_break(const std::string& what);  ///< a break in the guarantee
  [[nodiscard]] std::vector<std::string> breaks() const;

  /// All trials in order of number, with the intermediate values in order of step. Throws
  /// Error(kStudy) naming trial and attribute when a stored text is damaged.
  [[nodiscard]] std::vector<space::Trial> trials() const;

  /// Inserts trial `candidate` as RUNNING with the next number, which must equal `number`; its
  /// first attempt. Finite choices become Optuna parameters; the rest user attributes `nas:arch`,
  /// `nas:hash`, `nas:sample`, `nas:parents`, `nas:changes`, `nas:origin`, `nas:duplicate_of`, and
  /// `nas:redrawn` when `redrawn` is not empty.
  void begin_trial(std::int64_t number, const space::Candidate& candidate,
                   const space::Space& space, const Json& redrawn);
  /// WAITING -> RUNNING for one more attempt, from a checkpoint at `checkpoint_step` (0: none).
  void resume_trial(std::int64_t number, std::int64_t checkpoint_step);
  [[nodiscard]] Attempt attempt(std::int64_t number) const;
  /// Records an intermediate value of a RUNNING trial, or replaces the one at that step.
  void report(std::int64_t number, std::int64_t step, double value);
  /// RUNNING -> outcome's state, with values, scores, constraints, seconds, `extra` attributes
  /// (keys get the prefix "nas:"). Intermediate values join those reported. Constraints are
  /// Optuna's: feasible at or below 0, NaN is broken. COMPLETE needs a value for each objective; in
  /// a study of one objective PRUNED shows its last intermediate value to Optuna, as Optuna's own
  /// `tell` does.
  void finish_trial(std::int64_t number, const space::Outcome& outcome,
                    const std::vector<double>& constraints, const Json& extra);
  /// RUNNING -> WAITING when its evaluation was stopped cleanly: no death without progress.
  void requeue_trial(std::int64_t number);
  /// Writes one trial attribute at once (a measurement that must outlive a crash).
  void set_trial_attribute(std::int64_t number, const std::string& key, const Json& value);
  /// A trial attribute without its prefix "nas:"; null when absent.
  [[nodiscard]] Json trial_attribute(std::int64_t number, const std::string& key) const;

  /// In order of role, hash and repeat, whichever finished first.
  [[nodiscard]] std::vector<RepeatRun> repeats() const;
  /// Adds a run, or replaces the one of the same role, hash and repeat.
  void record_repeat(const RepeatRun& run);
  /// Study-level facts that survive: "verification", "finished", counts of redraws, ...
  void set_attribute(const std::string& key, const Json& value);
  [[nodiscard]] Json attribute(const std::string& key) const;

 private:
  struct Impl;
  explicit Study(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace nas::store
