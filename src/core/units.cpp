#include "nas/core/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace nas {
namespace {

std::string named_non_finite(double value) {
  if (std::isnan(value)) return "nan";
  return value > 0 ? "inf" : "-inf";
}

template <class... Parameters>
std::string to_text(double value, Parameters... parameters) {
  // The longest fixed form of a double has 309 digits before the point.
  std::array<char, 400> buffer{};
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, parameters...);
  return error == std::errc() ? std::string(buffer.data(), end) : std::string();
}

std::string without_trailing_zeros(std::string text) {
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

/// Divides by `base` until three significant digits fit before the next prefix.
template <std::size_t N>
std::string with_prefix(double value, double base, const std::array<const char*, N>& units) {
  if (!std::isfinite(value)) return named_non_finite(value) + units[0];
  std::size_t unit = 0;
  // What rounds to the base takes the next prefix: 999,600 is "1 M", not "1000 k".
  while (unit + 1 < N && std::abs(value) >= base - 0.5) {
    value /= base;
    ++unit;
  }
  return without_trailing_zeros(format_significant(value, 3)) + units[unit];
}

std::string two_parts(std::int64_t large, const char* large_unit, std::int64_t small,
                      const char* small_unit) {
  return std::to_string(large) + " " + large_unit + (small < 10 ? " 0" : " ") +
         std::to_string(small) + " " + small_unit;
}

}  // namespace

std::string format_count(double value) {
  return with_prefix(value, 1000.0, std::array{"", " k", " M", " G", " T", " P", " E"});
}

std::string format_bytes(double bytes) {
  return with_prefix(bytes, 1024.0,
                     std::array{" B", " KiB", " MiB", " GiB", " TiB", " PiB", " EiB"});
}

std::string format_seconds(double seconds) {
  if (!std::isfinite(seconds)) return named_non_finite(seconds) + " s";
  if (seconds < 0) return "-" + format_seconds(-seconds);
  if (seconds == 0) return "0 s";
  if (seconds < 0.9995e-3)
    return without_trailing_zeros(format_significant(seconds * 1e6, 3)) + " us";
  if (seconds < 0.9995) return without_trailing_zeros(format_significant(seconds * 1e3, 3)) + " ms";
  if (seconds < 59.95)
    return without_trailing_zeros(to_text(seconds, std::chars_format::fixed, 1)) + " s";
  constexpr double kLongest = 1e15;  // far below the range of int64, far above any run
  const std::int64_t whole = std::llround(std::fmin(seconds, kLongest));
  if (whole < 3600) return two_parts(whole / 60, "min", whole % 60, "s");
  const std::int64_t minutes = (whole + 30) / 60;
  constexpr std::int64_t kTwoDays = 2880;
  if (minutes < kTwoDays) return two_parts(minutes / 60, "h", minutes % 60, "min");
  const std::int64_t hours = (minutes + 30) / 60;
  return two_parts(hours / 24, "d", hours % 24, "h");
}

std::string format_exact(double value) {
  if (!std::isfinite(value)) return named_non_finite(value);
  // 300000, not the shorter 3e+05.
  constexpr double kLargestReadable = 1e15;
  if (std::abs(value) >= 1 && std::abs(value) < kLargestReadable) {
    return to_text(value, std::chars_format::fixed);
  }
  return to_text(value);
}

std::string format_significant(double value, int digits) {
  if (!std::isfinite(value)) return named_non_finite(value);
  if (value == 0) return "0";
  if (digits < 1) digits = 1;
  std::string scientific = to_text(value, std::chars_format::scientific, digits - 1);
  // The exponent after rounding: 9.996 with three digits is 1.00e+01.
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  constexpr int kSmallest = -5;
  constexpr int kLargest = 15;
  if (exponent < kSmallest || exponent > kLargest) return scientific;
  const int decimals = digits - 1 - exponent;
  return to_text(value, std::chars_format::fixed, decimals > 0 ? decimals : 0);
}

}  // namespace nas
