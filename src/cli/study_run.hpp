#pragma once

#include <string>
#include <vector>

#include "command.hpp"
#include "progress.hpp"

namespace nas::cli {

/// What the progress display of a run shows.
[[nodiscard]] Progress::Options progress_options(const run::Plan& plan,
                                                 const run::Evaluator& evaluator,
                                                 const std::vector<space::Trial>& trials);

/// A study that was stopped, or that nobody runs, and can go on.
inline constexpr int kResumableExit = 4;

/// Exit code of a run; says how to go on when it was stopped.
[[nodiscard]] int exit_code_of(run::RunEnd end, const std::string& folder);

}  // namespace nas::cli
