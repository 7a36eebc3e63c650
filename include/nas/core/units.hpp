#pragma once

#include <cstdint>
#include <string>

namespace nas {

/// "1.23 M", "532", "4.5 G": three significant digits, decimal prefixes.
[[nodiscard]] std::string format_count(double value);
/// "1.5 GiB": binary prefixes.
[[nodiscard]] std::string format_bytes(double bytes);
/// "2 h 05 min", "3 min 20 s", "4.2 s".
[[nodiscard]] std::string format_seconds(double seconds);
/// Shortest decimal that reads back as the same double, without an exponent from 1 to 1e15;
/// "nan", "inf", "-inf" otherwise.
[[nodiscard]] std::string format_exact(double value);
/// A fixed number of significant digits, without an exponent where that is readable.
[[nodiscard]] std::string format_significant(double value, int digits);

}  // namespace nas
