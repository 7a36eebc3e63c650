#include "nas/space/outcome_json.hpp"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"

namespace nas::space {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

[[noreturn]] void unexpected(const Json& json, const std::string& wanted) {
  constexpr int kOneLine = -1;
  constexpr bool kAsciiOnly = false;
  throw Error(
      ErrorKind::kStudy,
      json.dump(kOneLine, ' ', kAsciiOnly, Json::error_handler_t::replace) + " is no " + wanted);
}

const Json& array_in(const Json& json) {
  if (!json.is_array()) unexpected(json, "array");
  return json;
}

std::int64_t integer_in(const Json& json) {
  if (!json.is_number_integer()) unexpected(json, "integer");
  return json.get<std::int64_t>();
}

}  // namespace

Json number_to_json(double value) {
  if (std::isfinite(value)) return value;
  if (std::isnan(value)) return nullptr;
  return value > 0 ? "inf" : "-inf";
}

double number_from_json(const Json& json) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (json.is_number()) return json.get<double>();
  if (!json.is_string()) unexpected(json, "number");
  const auto& name = json.get_ref<const std::string&>();
  if (name == "inf") return kInfinity;
  if (name == "-inf") return -kInfinity;
  unexpected(json, "number");
}

Json score_to_json(const Score& score) {
  return {{"name", score.name},
          {"value", number_to_json(score.value)},
          {"unit", score.unit},
          {"spread", number_to_json(score.spread)},
          {"protocol", score.protocol}};
}

Score score_from_json(const Json& json) {
  return {json.at("name").get<std::string>(), number_from_json(json.at("value")),
          json.at("unit").get<std::string>(), number_from_json(json.at("spread")),
          json.at("protocol").get<std::string>()};
}

Json outcome_to_json(const Outcome& outcome) {
  Json json = Json::object();
  json["state"] = to_text(outcome.state);
  json["reason"] = outcome.reason;
  json["detail"] = outcome.detail;
  json["value"] = number_to_json(outcome.value);
  for (const double value : outcome.further_values) {
    json["further_values"].push_back(number_to_json(value));
  }
  json["intermediate"] = Json::array();
  for (const auto& [step, value] : outcome.intermediate) {
    json["intermediate"].push_back(Json::array({step, number_to_json(value)}));
  }
  if (!outcome.hurdles.empty()) json["hurdles"] = outcome.hurdles;
  json["scores"] = Json::array();
  for (const Score& score : outcome.scores) json["scores"].push_back(score_to_json(score));
  json["seconds"] = number_to_json(outcome.seconds);
  return json;
}

Outcome outcome_from_json(const Json& json) {
  Outcome outcome;
  outcome.state = trial_state_from_text(json.at("state").get<std::string>());
  outcome.reason = json.at("reason").get<std::string>();
  outcome.detail = json.at("detail").get<std::string>();
  outcome.value = number_from_json(json.at("value"));
  if (json.contains("further_values")) {
    for (const Json& value : array_in(json.at("further_values"))) {
      outcome.further_values.push_back(number_from_json(value));
    }
  }
  for (const Json& entry : array_in(json.at("intermediate"))) {
    outcome.intermediate.emplace_back(integer_in(entry.at(0)), number_from_json(entry.at(1)));
  }
  if (json.contains("hurdles")) {
    for (const Json& step : array_in(json.at("hurdles"))) {
      outcome.hurdles.push_back(integer_in(step));
    }
  }
  for (const Json& score : array_in(json.at("scores"))) {
    outcome.scores.push_back(score_from_json(score));
  }
  outcome.seconds = number_from_json(json.at("seconds"));
  return outcome;
}

}  // namespace nas::space
