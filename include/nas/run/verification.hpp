#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "nas/run/search_run.hpp"

namespace nas::run {

/// What verification says of one architecture.
struct VerifiedRole {
  std::string role;         ///< "winner", "top2", ..., "initial", "random"
  std::int64_t trial = -1;  ///< of the study, or of the random search; -1: the initial program
  std::string hash;
  std::vector<double> values;  ///< one for each finished repeat, in order
  std::int64_t failed = 0;
  double mean = 0;           ///< NaN without values
  double deviation = 0;      ///< sample standard deviation; NaN with one value
  double low = 0, high = 0;  ///< Student's 95 % interval of the mean; NaN with one value
  /// Probability that its true mean is the best of all roles; NaN unless each has two values.
  double best_probability = std::numeric_limits<double>::quiet_NaN();
};

/// The winner beside another role.
struct Comparison {
  std::string against;       ///< "the initial program", "random search of equal budget"
  double difference = 0;     ///< the other's mean - the winner's, sign so that positive is better
  double low = 0, high = 0;  ///< 95 % Welch interval of it; NaN with one value
  /// How many were trained again and might have become the winner: the interval allows for the
  /// choice among them (statistics.hpp).
  std::int64_t choices = 1;
  /// "better than ..." or "no better than ...": better where the interval is above 0 and no more of
  /// the winner's trainings failed than of the other's.
  std::string verdict;
};

struct Verification {
  std::string metric;        ///< the trained objective that is judged
  std::int64_t planned = 0;  ///< trainings that were asked for; 0: a study of nas 0.1.0
  /// How many of them are still to do. Until there are none nobody is called better or best: who is
  /// trained first would be.
  std::int64_t missing = 0;
  /// The best trials of the search ("winner", which is its leader, "top2", ...), then the
  /// baselines.
  std::vector<VerifiedRole> roles;
  /// The trial that is the study's winner: of the best trials that were trained again, the one with
  /// the best mean, the earlier ranked of equals. The leader with several objectives, where one
  /// mean does not decide. Nothing before all trainings are done.
  std::optional<std::int64_t> winner;
  /// The winner beside the baselines. Of several that were trained again the winner is the luckiest
  /// too: with --top K its mean flatters it a little, which the intervals allow for.
  std::optional<Comparison> initial;
  std::optional<Comparison> random;
};

/// Summary of the verification runs stored in a study; nothing before there are any.
[[nodiscard]] std::optional<Verification> verification_of(const store::Study& study);

/// The study's winner: verification's, else the search's leader; nothing without a COMPLETE trial.
[[nodiscard]] std::optional<std::int64_t> winner_of(const store::Study& study);

/// Runs what is missing of the verification phase: the random search when it is asked for, then
/// the trainings with fresh seeds. Does nothing when verify.top is 0 or no objective is trained.
[[nodiscard]] RunEnd run_verification(const Plan& plan, const Evaluator& evaluator,
                                      store::Study& study, const RunOptions& options);

}  // namespace nas::run
