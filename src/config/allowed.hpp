#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nas/config/fields.hpp"

namespace nas::config {

// What a field takes, in words after "must be"; errors and help say the same.
[[nodiscard]] std::string in_words(IntegerRange range);
[[nodiscard]] std::string in_words(RealRange range);
[[nodiscard]] std::string in_words(const std::vector<std::string>& choices);
[[nodiscard]] std::string in_words(RawKind kind);

[[nodiscard]] bool contains(IntegerRange range, std::int64_t value);
[[nodiscard]] bool contains(RealRange range, double value);
[[nodiscard]] bool accepts(RawKind kind, const Json& value);
/// Whether a text keeps its rule; none may hold a NUL.
[[nodiscard]] bool accepts(const TextRule& rule, const std::string& text);

/// "a text", "a whole number", "a list", ...
[[nodiscard]] std::string kind_of(const Json& value);

/// The value as JSON on one line, cut to a readable length.
[[nodiscard]] std::string shown(const Json& value);

}  // namespace nas::config
