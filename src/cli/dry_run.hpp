#pragma once

#include "nas/run/search_run.hpp"

namespace nas::cli {

/// Prints what a search would meet: size of the space, how many samples satisfy each constraint,
/// memory bound, and the time it will take from a few timed steps. Returns 0, or throws
/// Error(kInfeasible) when no sample satisfies the constraints.
[[nodiscard]] int dry_run(const run::Plan& plan);

}  // namespace nas::cli
