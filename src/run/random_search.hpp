#pragma once

#include <optional>
#include <string>

#include "nas/run/search_run.hpp"

namespace nas::run {

/// Study attribute that says how the random search ended: {"trials", "winner": {"trial", "hash"} or
/// null, "reason"}.
inline constexpr const char* kRandomSearch = "random_search";

/// Runs, or goes on with, a random search of as many trials as the study has, with the same
/// training, hurdles, constraints and objectives, as a study of its own in the folder `random` of
/// this one. Records how it ended.
[[nodiscard]] RunEnd run_random_search(const Plan& plan, const Evaluator& evaluator,
                                       store::Study& study, const RunOptions& options);

/// The winner of a random search that has ended; nothing when there is none.
[[nodiscard]] std::optional<space::Trial> random_winner(const store::Study& study);

}  // namespace nas::run
