#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

constexpr std::size_t kMostExamples = 5;

}  // namespace

Json outcomes(const StudyFacts& facts) {
  struct Group {
    std::int64_t trials = 0;
    std::set<std::string> details;
    Json examples = Json::array();
  };
  std::map<std::pair<std::string, std::string>, Group> groups;
  for (const space::Trial& trial : facts.trials) {
    const space::Outcome& outcome = trial.outcome;
    if (outcome.state == space::TrialState::kComplete) continue;
    Group& group = groups[{to_text(outcome.state), outcome.reason}];
    ++group.trials;
    if (group.examples.size() < kMostExamples && !outcome.detail.empty() &&
        group.details.insert(outcome.detail).second) {
      group.examples.push_back({{"trial", trial.number}, {"detail", outcome.detail}});
    }
  }
  Json rows = Json::array();
  for (auto& [key, group] : groups) {
    rows.push_back({{"state", key.first},
                    {"reason", key.second},
                    {"trials", group.trials},
                    {"examples", std::move(group.examples)}});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const Json& a, const Json& b) { return a.at("trials") > b.at("trials"); });
  return {{"rows", std::move(rows)}, {"redrawn", facts.redrawn}};
}

Json summary(const StudyFacts& facts) {
  std::map<std::string, std::int64_t> states;
  double seconds = 0;
  for (const space::Trial& trial : facts.trials) {
    ++states[to_text(trial.outcome.state)];
    seconds += trial.outcome.seconds;
  }
  Json objectives = Json::array();
  for (const Objective& objective : facts.objectives) {
    objectives.push_back({{"metric", objective.metric}, {"maximize", objective.maximize}});
  }
  const space::Trial* best = winner_of(facts);
  return {{"name", facts.name},
          {"folder", facts.folder},
          {"objectives", objectives},
          {"trials", facts.trials.size()},
          {"states", states},
          {"seconds", number_json(seconds)},
          {"finished", facts.finished},
          {"best", best == nullptr ? Json() : Json(best->number)},
          {"value", best == nullptr ? Json() : number_json(best->outcome.value)}};
}

Json verification(const StudyFacts& facts) {
  Json json = *facts.verification;
  if (!json.is_object()) return nullptr;
  for (Json& role : json.at("roles")) {
    const auto values = role.at("values").get<std::vector<double>>();
    const double mean = mean_of(values);
    const double half = mean_half_width(values);
    role["low"] = number_json(mean - half);
    role["high"] = number_json(mean + half);
  }
  return json;
}

}  // namespace nas::report
