#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

constexpr std::size_t kHashDigits = 8;  ///< shown, as in `nas trials`

std::string parents_text(const space::Candidate& candidate) {
  std::string text;
  for (const std::int64_t parent : candidate.parents) {
    text += (text.empty() ? "" : " ") + std::to_string(parent);
  }
  return text;
}

/// A column for each score that some trial has, null where a trial has it not.
Json score_columns(const std::vector<space::Trial>& trials) {
  struct Column {
    std::string unit, protocol;
    std::vector<double> values, spreads;
    bool has_spread = false;
  };
  std::vector<std::string> names;
  std::map<std::string, Column> columns;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    for (const space::Score& score : trials[i].outcome.scores) {
      const auto [found, is_new] = columns.try_emplace(score.name);
      Column& column = found->second;
      if (is_new) {
        names.push_back(score.name);
        column.unit = score.unit;
        column.protocol = score.protocol;
      }
      column.values.resize(i, std::nan(""));
      column.spreads.resize(i, std::nan(""));
      column.values.push_back(score.value);
      column.spreads.push_back(score.spread);
      column.has_spread |= std::isfinite(score.spread);
    }
  }
  Json json = Json::object();
  for (const std::string& name : names) {
    Column& column = columns[name];
    column.values.resize(trials.size(), std::nan(""));
    column.spreads.resize(trials.size(), std::nan(""));
    Json& entry = json[name];
    entry = {{"unit", column.unit}, {"protocol", column.protocol}, {"values", Json::array()}};
    for (const double value : column.values) entry["values"].push_back(number_json(value));
    if (!column.has_spread) continue;
    for (const double spread : column.spreads) entry["spreads"].push_back(number_json(spread));
  }
  return json;
}

}  // namespace

Json trial_columns(const StudyFacts& facts) {
  Json json = Json::object();
  for (const char* name : {"number", "state", "reason", "values", "last", "last_step", "origin",
                           "parents", "change", "duplicate_of", "seconds", "hash"}) {
    json[name] = Json::array();
  }
  for (const space::Trial& trial : facts.trials) {
    const space::Outcome& outcome = trial.outcome;
    const bool has_steps = !outcome.intermediate.empty();
    json["number"].push_back(trial.number);
    json["state"].push_back(to_text(outcome.state));
    json["reason"].push_back(outcome.reason);
    Json values = Json::array();
    for (std::size_t i = 0; i < facts.objectives.size(); ++i) {
      values.push_back(number_json(objective_value(facts, trial, i)));
    }
    json["values"].push_back(std::move(values));
    json["last"].push_back(has_steps ? number_json(outcome.intermediate.back().second) : Json());
    json["last_step"].push_back(has_steps ? Json(outcome.intermediate.back().first) : Json());
    json["origin"].push_back(trial.candidate.origin);
    json["parents"].push_back(parents_text(trial.candidate));
    json["change"].push_back(change_text(trial.candidate));
    json["duplicate_of"].push_back(
        trial.candidate.duplicate_of ? Json(*trial.candidate.duplicate_of) : Json());
    json["seconds"].push_back(number_json(outcome.seconds));
    json["hash"].push_back(trial.candidate.hash.hex().substr(0, kHashDigits));
  }
  json["scores"] = score_columns(facts.trials);
  return json;
}

}  // namespace nas::report
