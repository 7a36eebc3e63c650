#pragma once

#include "nas/core/json.hpp"

namespace nas::run {

/// JSON Schema (draft 2020-12) of a whole configuration: config::config_schema with the space, and
/// the options of each searcher and of the synthetic evaluator, filled in.
[[nodiscard]] Json whole_schema();

}  // namespace nas::run
