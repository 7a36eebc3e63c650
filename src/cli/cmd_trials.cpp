#include <algorithm>
#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/units.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

std::string metric_text(const space::Trial& trial, const std::string& name) {
  for (const space::Score& score : trial.outcome.scores) {
    if (score.name == name) return format_significant(score.value, 4);
  }
  return "-";
}

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) {
    text += (text.empty() ? "" : " ") + std::to_string(number);
  }
  return text;
}

std::string changes_text(const space::Candidate& candidate) {
  if (candidate.changes.empty()) return candidate.origin;
  std::string text;
  for (const space::Change& change : candidate.changes) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(change.kind)) + " " + change.where;
  }
  return text;
}

Table table_of(const std::vector<space::Trial>& trials,
               const std::vector<space::Objective>& objectives) {
  Table table;
  table.headings = {"trial", "state", "reason"};
  for (const space::Objective& objective : objectives) table.headings.push_back(objective.metric);
  table.headings.insert(table.headings.end(),
                        {"last", "params", "flops/token", "parents", "change", "seconds", "hash"});
  for (const space::Trial& trial : trials) {
    const space::Outcome& outcome = trial.outcome;
    const bool is_complete = outcome.state == space::TrialState::kComplete;
    std::vector<std::string> row{std::to_string(trial.number), to_text(outcome.state),
                                 outcome.reason.empty() ? "-" : outcome.reason,
                                 is_complete ? format_significant(outcome.value, 6) : "-"};
    for (std::size_t i = 1; i < objectives.size(); ++i) {
      row.push_back(is_complete ? format_significant(outcome.further_values[i - 1], 6) : "-");
    }
    const std::string last = outcome.intermediate.empty()
                                 ? "-"
                                 : format_significant(outcome.intermediate.back().second, 5);
    const std::string parents = numbers_text(trial.candidate.parents);
    row.insert(row.end(),
               {last, metric_text(trial, "params"), metric_text(trial, "flops_per_token"),
                parents.empty() ? "-" : parents, changes_text(trial.candidate),
                format_significant(outcome.seconds, 3), trial.candidate.hash.hex().substr(0, 8)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

std::string cell(double value) { return std::isfinite(value) ? format_exact(value) : ""; }

/// One column for every figure that some trial has, in full precision; nothing where a trial has
/// none.
Table exact_table_of(const std::vector<space::Trial>& trials,
                     const std::vector<space::Objective>& objectives) {
  std::vector<std::string> scores;
  for (const space::Trial& trial : trials) {
    for (const space::Score& score : trial.outcome.scores) {
      if (std::find(scores.begin(), scores.end(), score.name) == scores.end()) {
        scores.push_back(score.name);
      }
    }
  }
  Table table;
  table.headings = {"number", "state", "reason"};
  for (const space::Objective& objective : objectives) {
    table.headings.push_back("objective:" + objective.metric);
  }
  table.headings.insert(table.headings.end(), {"last", "parents", "change", "seconds", "hash"});
  table.headings.insert(table.headings.end(), scores.begin(), scores.end());
  for (const space::Trial& trial : trials) {
    const space::Outcome& outcome = trial.outcome;
    std::vector<std::string> row{std::to_string(trial.number), to_text(outcome.state),
                                 outcome.reason};
    const bool is_complete = outcome.state == space::TrialState::kComplete;
    row.push_back(is_complete ? cell(outcome.value) : "");
    for (std::size_t i = 1; i < objectives.size(); ++i) {
      row.push_back(is_complete ? cell(outcome.further_values[i - 1]) : "");
    }
    row.push_back(outcome.intermediate.empty() ? "" : cell(outcome.intermediate.back().second));
    row.insert(row.end(), {numbers_text(trial.candidate.parents), changes_text(trial.candidate),
                           cell(outcome.seconds), trial.candidate.hash.hex()});
    for (const std::string& name : scores) {
      const auto found =
          std::find_if(outcome.scores.begin(), outcome.scores.end(),
                       [&](const space::Score& score) { return score.name == name; });
      row.push_back(found == outcome.scores.end() ? "" : cell(found->value));
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

}  // namespace

void add_trials(CLI::App& program, Action& action) {
  struct Options {
    std::string study;
    std::string format = "table";
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "trials", "all trials of a study");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("--format", options->format, "table, json or csv").among({"table", "json", "csv"});
  verb.callback([options, &action] {
    action = [options] {
      const store::Study study = store::Study::open(options->study, store::Study::Access::kRead);
      const std::vector<space::Trial> trials = study.trials();
      if (options->format == "json") {
        Json rows = Json::array();
        for (const space::Trial& trial : trials) rows.push_back(trial_to_json(trial));
        std::cout << rows.dump(2) << "\n";
        return 0;
      }
      const std::vector<space::Objective> objectives = study.header().objectives();
      std::cout << (options->format == "csv" ? to_csv(exact_table_of(trials, objectives))
                                             : to_text(table_of(trials, objectives)));
      return 0;
    };
  });
}

}  // namespace nas::cli
