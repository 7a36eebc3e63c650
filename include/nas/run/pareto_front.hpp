#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "nas/space/trial.hpp"
#include "nas/store/study.hpp"

namespace nas::run {

/// A Pareto-optimal architecture.
struct ParetoPoint {
  std::int64_t trial = 0;
  std::vector<std::int64_t> duplicates;  ///< trials of the same architecture
  std::vector<double> values;            ///< by objective
  std::vector<double> spreads;           ///< by objective; NaN where none is known
  /// Another point is at least as good in everything and better in something, but by no more than
  /// the spreads: it is here as a tie.
  bool is_tie = false;
};

/// COMPLETE trials that no other COMPLETE trial dominates, in order of the first objective. They
/// satisfy the constraints, as every COMPLETE trial does.
struct ParetoFront {
  std::vector<space::Objective> objectives;
  std::vector<ParetoPoint> points;
  std::int64_t compared = 0;  ///< architectures that have a value of each objective
  std::int64_t without = 0;   ///< COMPLETE ones that lack one
  bool ties = false;          ///< whether spreads were looked at
};

struct ParetoOptions {
  std::vector<space::Objective> objectives;  ///< recorded metrics; empty: the study's own
  /// A trial stays when what beats it does so by overlapping intervals value +- spread in every
  /// objective in which they differ. Never fewer points than without.
  bool ties = false;
};

/// Throws Error(kUsage), naming the recorded metrics, when no trial has a value of an objective.
/// With the study's own objectives and without ties the trials are those of Optuna's best_trials.
[[nodiscard]] ParetoFront pareto_front_of(const store::Study& study, const ParetoOptions& options);

/// "val_bpb", "params:minimize", "steps_per_second:maximize", separated by commas outside brackets.
/// Throws Error(kUsage) for a direction that is neither.
[[nodiscard]] std::vector<space::Objective> objectives_from_text(const std::string& text);

}  // namespace nas::run
