#pragma once

#include "nas/core/json.hpp"

namespace nas::space {

/// JSON Schema (draft 2020-12) of what Space::from_json reads, for editors: keys, types, ranges and
/// names with their meaning. What binds several values (rules, whether a program's types fit)
/// only the reader can check.
[[nodiscard]] Json space_schema();

}  // namespace nas::space
