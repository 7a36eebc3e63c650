#include "store/optuna_params.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "nas/core/error.hpp"

namespace nas::store {
namespace {

/// Python's repr of a finite double: the shortest digits that read back, positional from 1e-4 up to
/// 1e16, always with a point or an exponent.
std::string python_real(double value) {
  constexpr double kSmallestPositional = 1e-4;
  constexpr double kFirstScientific = 1e16;
  const double size = std::abs(value);
  const bool is_positional = size == 0 || (size >= kSmallestPositional && size < kFirstScientific);
  std::array<char, 32> buffer{};
  const auto format = is_positional ? std::chars_format::fixed : std::chars_format::scientific;
  const auto [end, error] =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  NAS_ASSERT(error == std::errc());
  std::string text(buffer.data(), end);
  if (is_positional && text.find('.') == std::string::npos) text += ".0";
  return text;
}

}  // namespace

std::string python_json(const Json& scalar) {
  if (scalar.is_number_float()) {
    const auto value = scalar.get<double>();
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    return python_real(value);
  }
  constexpr int kOneLine = -1;
  constexpr bool kAsciiOnly = true;
  return scalar.dump(kOneLine, ' ', kAsciiOnly);
}

std::string distribution_json(const space::Choice& choice) {
  if (choice.is_integer_range) {
    // Optuna lowers the upper end to one that the steps reach; written so at once.
    const std::int64_t high = choice.min + (choice.max - choice.min) / choice.step * choice.step;
    return R"({"name": "IntDistribution", "attributes": {"log": false, "step": )" +
           std::to_string(choice.step) + R"(, "low": )" + std::to_string(choice.min) +
           R"(, "high": )" + std::to_string(high) + "}}";
  }
  std::string text = R"({"name": "CategoricalDistribution", "attributes": {"choices": [)";
  for (std::size_t i = 0; i < choice.options.size(); ++i) {
    if (i > 0) text += ", ";
    text += python_json(choice.options[i]);
  }
  return text + "]}}";
}

double internal_value(const space::Choice& choice, std::uint16_t option) {
  NAS_ASSERT(option < choice.options.size());
  if (!choice.is_integer_range) return static_cast<double>(option);
  return static_cast<double>(choice.min + std::int64_t{option} * choice.step);
}

}  // namespace nas::store
