#pragma once

#include <vector>

#include "nas/run/search_run.hpp"

namespace nas::run {

/// A study's trials with the hurdles that each met. Where a study stores values without saying
/// which are of hurdles, every training had the same steps, and they tell.
[[nodiscard]] std::vector<space::Trial> trials_with_hurdles(const Plan& plan,
                                                            const store::Study& study);

/// Bars of the configuration's hurdles for the trial that this history is of.
[[nodiscard]] std::vector<double> bars_for(const Plan& plan, const search::History& history);

}  // namespace nas::run
