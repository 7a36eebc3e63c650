#pragma once

#include <cstdint>
#include <string>

#include "nas/space/space.hpp"

namespace nas::store {

/// A choice as Optuna's distribution_to_json writes it, byte for byte: an IntDistribution for a
/// range of integers, else a CategoricalDistribution of the options.
[[nodiscard]] std::string distribution_json(const space::Choice& choice);

/// Optuna's internal value of an option: the integer itself, or the option's index.
[[nodiscard]] double internal_value(const space::Choice& choice, std::uint16_t option);

/// A scalar as Python's json.dumps writes it: ASCII only, reals as repr() shows them.
[[nodiscard]] std::string python_json(const Json& scalar);

}  // namespace nas::store
