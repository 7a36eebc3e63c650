#pragma once

#include <string>

#include "nas/config/run_config.hpp"
#include "nas/space/trial.hpp"

namespace nas::run {

/// The score a constraint or objective means: of that name, or of that name with a bracketed
/// protocol ("latency_us" finds "latency_us[b1,...]"). Null when there is none.
[[nodiscard]] const space::Score* find_score(const space::Scores& scores,
                                             const std::string& metric);

/// Empty, or the first constraint that these scores break: "latency_us 812 > 500". Constraints on
/// metrics that are not among the scores are not looked at.
[[nodiscard]] std::string broken_constraint(const config::RunConfig& config,
                                            const space::Scores& scores);

}  // namespace nas::run
