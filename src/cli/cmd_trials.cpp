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

std::string parents_text(const space::Candidate& candidate) {
  std::string text;
  for (const std::int64_t parent : candidate.parents) {
    text += (text.empty() ? "" : " ") + std::to_string(parent);
  }
  return text.empty() ? "-" : text;
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
    row.insert(row.end(),
               {last, metric_text(trial, "params"), metric_text(trial, "flops_per_token"),
                parents_text(trial.candidate), changes_text(trial.candidate),
                format_significant(outcome.seconds, 3), trial.candidate.hash.hex().substr(0, 8)});
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
      const Table table = table_of(trials, study.header().objectives());
      std::cout << (options->format == "csv" ? to_csv(table) : to_text(table));
      return 0;
    };
  });
}

}  // namespace nas::cli
