#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "nas/report/report.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// A name for each study that no other has: its own, with the folder where names are equal.
std::vector<std::string> labels_of(const std::vector<Json>& studies) {
  std::map<std::string, int> uses;
  for (const Json& report : studies) ++uses[report.at("study").at("name").get<std::string>()];
  std::vector<std::string> labels;
  labels.reserve(studies.size());
  for (const Json& report : studies) {
    std::string label = report.at("study").at("name").get<std::string>();
    if (uses.at(label) > 1) {
      label.append(" (").append(report.at("study").at("folder").get<std::string>()).append(")");
    }
    labels.push_back(std::move(label));
  }
  return labels;
}

/// [{"key", "values": [one for each study, null where it has none]}] of keys below `part` that
/// differ.
Json differing_keys(const std::vector<Json>& studies, const char* part) {
  std::vector<std::string> keys;
  std::set<std::string> seen;
  std::vector<Json> flat;
  flat.reserve(studies.size());
  for (const Json& report : studies) {
    const Json& document = report.at(part);
    flat.push_back(document.is_object() ? document.flatten() : Json::object());
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

Json comparison_report(std::vector<Json> studies) {
  const std::vector<std::string> labels = labels_of(studies);
  Json json = {{"config", differing_keys(studies, "config")},
               {"environment", differing_keys(studies, "environment")}};
  const auto objective = [](const Json& report) {
    return report.at("study").at("objectives").at(0);
  };
  const bool is_same = std::all_of(studies.begin(), studies.end(), [&](const Json& report) {
    return objective(report) == objective(studies.front());
  });
  for (std::size_t i = 0; i < studies.size(); ++i) studies[i]["label"] = labels[i];
  json["same_objective"] = is_same;
  json["studies"] = std::move(studies);
  return json;
}

}  // namespace nas::report
