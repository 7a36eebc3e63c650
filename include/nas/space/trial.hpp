#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "nas/core/hash.hpp"
#include "nas/space/space.hpp"

namespace nas::space {

/// What a searcher proposes: a sample, the architecture it stands for, and where it came from.
struct Candidate {
  Sample sample;
  Architecture architecture;          ///< as instantiated, not canonical
  Hash128 hash;                       ///< of the canonical architecture
  std::vector<std::int64_t> parents;  ///< trial numbers
  std::vector<Change> changes;        ///< from the first parent, in order
  std::string origin;  ///< "initial", "random", "mutation", "crossover", "enqueued", "enumerated"
  std::optional<std::int64_t> duplicate_of;  ///< trial number of the original
};

/// One measured or computed figure of a candidate.
struct Score {
  std::string
      name;  ///< says where it was measured: "val_bpb", "latency_us[b1,s64,fp32,forward,...]"
  double value = std::numeric_limits<double>::quiet_NaN();
  std::string unit;                                          ///< "bits/byte", "us", "flop", ""
  double spread = std::numeric_limits<double>::quiet_NaN();  ///< half-width or std; NaN: none
  std::string protocol;                                      ///< how it was measured, for people
};

using Scores = std::vector<Score>;

/// As in Optuna, spelled the same.
enum class TrialState { kRunning, kWaiting, kComplete, kPruned, kFail };

[[nodiscard]] const char* to_text(TrialState state);
[[nodiscard]] TrialState trial_state_from_text(const std::string& text);
[[nodiscard]] inline bool is_finished(TrialState state) {
  return state == TrialState::kComplete || state == TrialState::kPruned ||
         state == TrialState::kFail;
}

/// Something that a study searches for.
struct Objective {
  std::string metric;  ///< name of a score, or "weighted_product" of several
  bool maximize = false;
  bool operator==(const Objective&) const = default;
};

/// Result of evaluating a candidate. `reason` explains every state but COMPLETE: PRUNED "hurdle",
/// "constraint"; FAIL "oom", "nan", "leak", "error", "timeout", "killed", "stale".
struct Outcome {
  TrialState state = TrialState::kFail;
  std::string reason;
  std::string detail;  ///< a sentence for people
  double value =
      std::numeric_limits<double>::quiet_NaN();  ///< first objective; NaN when not COMPLETE
  /// Second and further objectives of a COMPLETE trial, in order; empty with one objective.
  std::vector<double> further_values;
  /// (training step, validation measure that hurdles compare; smaller is better)
  std::vector<std::pair<std::int64_t, double>> intermediate;
  /// Steps after which hurdles 1, 2, ... were met, each with an intermediate value; 0 for a hurdle
  /// that a short training leaves out. Candidates of unequal steps meet a hurdle at unequal ones.
  std::vector<std::int64_t> hurdles;
  Scores scores;
  double seconds = 0;  ///< wall clock of the evaluation; not part of "same"
};

/// A trial as searchers and reports see it.
struct Trial {
  std::int64_t number = 0;  ///< from 0
  Candidate candidate;
  Outcome outcome;  ///< state kRunning or kWaiting while not finished
};

}  // namespace nas::space
