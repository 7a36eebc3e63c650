#pragma once

#include "nas/core/json.hpp"
#include "nas/space/trial.hpp"

namespace nas::space {

// The JSON form of what an evaluation gives, as the store keeps it and as processes pass it on.
// What is read back has the bits that were written, but that a NaN is any NaN. Functions that read
// throw Error(kStudy) or a nlohmann exception for other JSON.

/// NaN as null, infinities as "inf" and "-inf": valid JSON.
[[nodiscard]] Json number_to_json(double value);
[[nodiscard]] double number_from_json(const Json& json);

[[nodiscard]] Json score_to_json(const Score& score);
[[nodiscard]] Score score_from_json(const Json& json);

[[nodiscard]] Json outcome_to_json(const Outcome& outcome);
[[nodiscard]] Outcome outcome_from_json(const Json& json);

}  // namespace nas::space
