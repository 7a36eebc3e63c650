#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "report/importance.hpp"
#include "report/regression_forest.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// Fewer say nothing about shares of a variance.
constexpr std::size_t kFewestTrials = 8;

/// The names of sizes are their numbers; blocks and norms have no order.
bool is_ordered(const space::Choice& choice) {
  return std::all_of(choice.options.begin(), choice.options.end(),
                     [](const Json& option) { return option.is_number(); });
}

ChoiceTable table_of(const StudyFacts& facts, const std::vector<const space::Trial*>& trials) {
  ChoiceTable table;
  for (const space::Choice& choice : facts.space->choices()) {
    table.option_counts.push_back(static_cast<std::uint16_t>(choice.options.size()));
    table.ordered.push_back(is_ordered(choice));
  }
  for (const space::Trial* trial : trials) {
    table.options.push_back(trial->candidate.sample.choices);
    table.values.push_back(trial->outcome.value);
  }
  return table;
}

std::string option_text(const Json& option) {
  return option.is_string() ? option.get<std::string>() : option.dump();
}

/// Trials, mean objective and its interval for each option that was tried.
Json options_json(const space::Choice& choice, std::size_t place,
                  const std::vector<const space::Trial*>& trials) {
  Json json = Json::array();
  for (std::size_t option = 0; option < choice.options.size(); ++option) {
    std::vector<double> values;
    for (const space::Trial* trial : trials) {
      if (trial->candidate.sample.choices[place] == option) values.push_back(trial->outcome.value);
    }
    if (values.empty()) continue;
    json.push_back({{"option", option_text(choice.options[option])},
                    {"trials", values.size()},
                    {"mean", number_json(mean_of(values))},
                    {"half_width", number_json(mean_half_width(values))}});
  }
  return json;
}

std::string why_missing(const StudyFacts& facts, std::size_t trials) {
  if (!facts.space) return "the study's space cannot be read from its configuration";
  if (facts.space->choices().empty()) return "the space has no finite choices";
  if (trials < kFewestTrials) {
    return "only " + std::to_string(trials) + " trials were evaluated to the end; " +
           std::to_string(kFewestTrials) + " are needed";
  }
  return "";
}

}  // namespace

Json parameter_importance(const StudyFacts& facts) {
  const std::vector<const space::Trial*> trials = evaluated_trials(facts);
  Json json = {{"trials", trials.size()}, {"items", Json::array()}};
  json["missing"] = why_missing(facts, trials.size());
  if (!json["missing"].get_ref<const std::string&>().empty()) return json;

  ForestOptions options;
  options.seed = facts.seed;
  const auto shares = variance_shares(table_of(facts, trials), options);
  if (shares.empty()) {
    json["missing"] = "the objective does not vary with the choices";
    return json;
  }
  const std::vector<space::Choice>& choices = facts.space->choices();
  for (std::size_t place = 0; place < choices.size(); ++place) {
    std::vector<double> of_trees;
    of_trees.reserve(shares.size());
    for (const std::vector<double>& tree : shares) of_trees.push_back(tree[place]);
    json["items"].push_back({{"name", choices[place].name},
                             {"share", mean_of(of_trees)},
                             {"low", quantile_of(of_trees, 0.025)},
                             {"high", quantile_of(of_trees, 0.975)},
                             {"options", options_json(choices[place], place, trials)}});
  }
  std::stable_sort(json["items"].begin(), json["items"].end(), [](const Json& a, const Json& b) {
    return a.at("share").get<double>() > b.at("share").get<double>();
  });
  return json;
}

}  // namespace nas::report
