#pragma once

#include <string>

#include "nas/config/run_config.hpp"
#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

namespace nas::run {

/// A score as it is stored while its trial still runs; exact round trip, NaN as null.
[[nodiscard]] Json score_to_json(const space::Score& score);
[[nodiscard]] space::Score score_from_json(const Json& json);

/// The score a constraint or objective means: of that name, or of that name with a bracketed
/// protocol ("latency_us" finds "latency_us[b1,...]"). Null when there is none.
[[nodiscard]] const space::Score* find_score(const space::Scores& scores,
                                             const std::string& metric);

/// Empty, or the first constraint that these scores break: "latency_us 812 > 500". Constraints on
/// metrics that are not among the scores are not looked at.
[[nodiscard]] std::string broken_constraint(const config::RunConfig& config,
                                            const space::Scores& scores);

}  // namespace nas::run
