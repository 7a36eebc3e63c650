#include "config/allowed.hpp"

#include <cmath>
#include <limits>
#include <regex>

#include "nas/core/units.hpp"

namespace nas::config {
namespace {

using Integers = std::numeric_limits<std::int64_t>;

}  // namespace

std::string in_words(IntegerRange range) {
  const bool below = range.max < Integers::max();
  const bool above = range.min > Integers::min();
  std::string number = "a whole number";
  if (above && below) {
    return number + " in [" + std::to_string(range.min) + ", " + std::to_string(range.max) + "]";
  }
  if (above) return number + " of at least " + std::to_string(range.min);
  if (below) return number + " of at most " + std::to_string(range.max);
  return number;
}

std::string in_words(RealRange range) {
  const bool below = std::isfinite(range.max);
  const bool above = std::isfinite(range.min);
  std::string number = "a number";
  if (above && below) {
    return number + " in " + (range.min_open ? "(" : "[") + format_exact(range.min) + ", " +
           format_exact(range.max) + (range.max_open ? ")" : "]");
  }
  if (above) {
    return number + (range.min_open ? " above " : " of at least ") + format_exact(range.min);
  }
  if (below) {
    return number + (range.max_open ? " below " : " of at most ") + format_exact(range.max);
  }
  return number;
}

std::string in_words(const std::vector<std::string>& choices) {
  std::string words;
  for (std::size_t i = 0; i < choices.size(); ++i) {
    if (i > 0) words += i + 1 == choices.size() ? " or " : ", ";
    words += "\"" + choices[i] + "\"";
  }
  return words;
}

std::string in_words(RawKind kind) { return kind == RawKind::kObject ? "an object" : "a list"; }

bool contains(IntegerRange range, std::int64_t value) {
  return value >= range.min && value <= range.max;
}

bool contains(RealRange range, double value) {
  if (!std::isfinite(value)) return false;
  const bool above = range.min_open ? value > range.min : value >= range.min;
  const bool below = range.max_open ? value < range.max : value <= range.max;
  return above && below;
}

bool accepts(RawKind kind, const Json& value) {
  return kind == RawKind::kObject ? value.is_object() : value.is_array();
}

bool accepts(const TextRule& rule, const std::string& text) {
  if (text.size() > rule.max_length || text.find('\0') != std::string::npos) return false;
  return rule.pattern.empty() || std::regex_match(text, std::regex(rule.pattern));
}

std::string kind_of(const Json& value) {
  switch (value.type()) {
    case Json::value_t::object:
      return "an object";
    case Json::value_t::array:
      return "a list";
    case Json::value_t::string:
      return "a text";
    case Json::value_t::boolean:
      return "true or false";
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      return "a whole number";
    case Json::value_t::number_float:
      return "a number";
    case Json::value_t::null:
    case Json::value_t::binary:
    case Json::value_t::discarded:
      break;
  }
  return "null";
}

std::string shown(const Json& value) {
  constexpr std::size_t kLongest = 80;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() <= kLongest) return text;
  std::size_t cut = kLongest - 3;
  // A character of UTF-8 is not cut in two.
  while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xC0U) == 0x80U) --cut;
  return text.substr(0, cut) + "...";
}

}  // namespace nas::config
