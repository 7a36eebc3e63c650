#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace nas::data {

/// Length in bytes of the well-formed UTF-8 character that starts at `at`, 0 when there is none:
/// truncated, overlong, a surrogate, or above U+10FFFF (Unicode 15, table 3-7).
[[nodiscard]] std::size_t utf8_character(std::string_view text, std::size_t at);

/// Offset of the first byte that text does not have: a NUL or one that is not well-formed UTF-8.
[[nodiscard]] std::optional<std::size_t> first_binary_byte(std::string_view text);

/// The largest character boundary <= `at` that is less than 4 bytes away, else `at`.
[[nodiscard]] std::size_t character_boundary(std::string_view text, std::size_t at);

}  // namespace nas::data
