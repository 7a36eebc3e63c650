#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// A name for each study that no other has: its own, with the folder where names are equal.
std::vector<std::string> labels_of(std::span<const StudyFacts> studies) {
  std::map<std::string, int> uses;
  for (const StudyFacts& facts : studies) ++uses[facts.name];
  std::vector<std::string> labels;
  for (const StudyFacts& facts : studies) {
    labels.push_back(uses[facts.name] == 1 ? facts.name : facts.name + " (" + facts.folder + ")");
  }
  return labels;
}

/// [{"key", "values": [one for each document, null where it has none]}] of keys that differ.
Json differing_keys(const std::vector<const Json*>& documents) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  std::vector<Json> flat;
  for (const Json* document : documents) {
    flat.push_back(document->is_object() ? document->flatten() : Json::object());
    for (const auto& [key, value] : flat.back().items()) {
      if (seen.insert(key).second) keys.push_back(key);
    }
  }
  Json rows = Json::array();
  for (const std::string& key : keys) {
    Json values = Json::array();
    for (const Json& document : flat) values.push_back(document.value(key, Json()));
    bool same = true;
    for (const Json& value : values) same = same && value == values.front();
    if (!same) rows.push_back({{"key", dotted_key(key)}, {"values", std::move(values)}});
  }
  return rows;
}

}  // namespace

Json comparison_report(std::span<const StudyFacts> studies) {
  const std::vector<std::string> labels = labels_of(studies);
  Json json = {{"studies", Json::array()}};
  std::vector<const Json*> configs;
  std::vector<const Json*> environments;
  bool same_objective = true;
  for (std::size_t i = 0; i < studies.size(); ++i) {
    const StudyFacts& facts = studies[i];
    Json columns = trial_columns(facts);
    for (const char* unused : {"origin", "parents", "change", "hash", "last", "last_step"}) {
      columns.erase(unused);
    }
    json["studies"].push_back({{"label", labels[i]},
                               {"study", summary(facts)},
                               {"winner", winner(facts, {})},
                               {"verification", verification(facts)},
                               {"history", history(facts)},
                               {"costs", costs(facts)},
                               {"outcomes", outcomes(facts)},
                               {"trials", std::move(columns)}});
    configs.push_back(&*facts.config);
    environments.push_back(&*facts.environment);
    same_objective = same_objective &&
                     facts.objectives[0].metric == studies[0].objectives[0].metric &&
                     facts.objectives[0].maximize == studies[0].objectives[0].maximize;
  }
  json["same_objective"] = same_objective;
  json["config"] = differing_keys(configs);
  json["environment"] = differing_keys(environments);
  return json;
}

}  // namespace nas::report
