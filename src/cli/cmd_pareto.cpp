#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/run/pareto_front.hpp"
#include "nas/search/pareto.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

struct ParetoArguments {
  std::string study;
  std::string objectives;
  std::string format = "table";
  std::vector<double> reference;
  bool ties = false;
  bool no_ties = false;
};

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

/// Volume between the front and the reference point, with the signs of objectives to maximize
/// turned.
double hypervolume_of(const run::ParetoFront& front, std::vector<double> reference) {
  if (reference.size() != front.objectives.size()) {
    throw Error(ErrorKind::kUsage, "--reference: " + std::to_string(reference.size()) +
                                       " numbers for " + std::to_string(front.objectives.size()) +
                                       " objectives");
  }
  std::vector<search::Point> points;
  points.reserve(front.points.size());
  for (const run::ParetoPoint& point : front.points) points.push_back(point.values);
  for (std::size_t i = 0; i < reference.size(); ++i) {
    if (!front.objectives[i].maximize) continue;
    reference[i] = -reference[i];
    for (search::Point& point : points) point[i] = -point[i];
  }
  return search::hypervolume(points, reference);
}

Json point_json(const run::ParetoPoint& point, const std::vector<space::Trial>& trials) {
  Json json = trial_to_json(trials.at(static_cast<std::size_t>(point.trial)));
  Json values = Json::array();
  Json spreads = Json::array();
  for (const double value : point.values) values.push_back(number_or_null(value));
  for (const double spread : point.spreads) spreads.push_back(number_or_null(spread));
  json["objectives"] = values;
  json["spreads"] = spreads;
  json["duplicates"] = point.duplicates;
  json["tie"] = point.is_tie;
  return json;
}

Json front_json(const run::ParetoFront& front, const std::vector<space::Trial>& trials) {
  Json objectives = Json::array();
  for (const space::Objective& objective : front.objectives) {
    objectives.push_back({{"metric", objective.metric},
                          {"direction", objective.maximize ? "maximize" : "minimize"}});
  }
  Json points = Json::array();
  for (const run::ParetoPoint& point : front.points) points.push_back(point_json(point, trials));
  return {{"objectives", objectives},
          {"ties_by_spread", front.ties},
          {"compared", front.compared},
          {"without_a_value", front.without},
          {"trials", points}};
}

std::string numbers_text(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) {
    text += (text.empty() ? "" : " ") + std::to_string(number);
  }
  return text.empty() ? "-" : text;
}

/// Six digits for people, all of them for programs.
Table front_table(const run::ParetoFront& front, const std::vector<space::Trial>& trials,
                  bool exact) {
  const auto text = [exact](double value) {
    return exact ? format_exact(value) : format_significant(value, 6);
  };
  Table table;
  table.headings = {"trial"};
  for (const space::Objective& objective : front.objectives) {
    table.headings.push_back(objective.metric);
    if (exact) table.headings.push_back(objective.metric + " spread");
  }
  table.headings.insert(table.headings.end(), {"tie", "duplicates", "hash"});
  for (const run::ParetoPoint& point : front.points) {
    std::vector<std::string> row{std::to_string(point.trial)};
    for (std::size_t i = 0; i < point.values.size(); ++i) {
      const std::string spread =
          std::isnan(point.spreads[i]) ? "" : format_significant(point.spreads[i], 2);
      row.push_back(text(point.values[i]));
      if (exact) row.push_back(spread);
      if (!exact && !spread.empty()) row.back() += " +- " + spread;
    }
    const space::Trial& trial = trials.at(static_cast<std::size_t>(point.trial));
    row.insert(row.end(), {point.is_tie ? "tie" : "-", numbers_text(point.duplicates),
                           trial.candidate.hash.hex().substr(0, 8)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

void print_note(const run::ParetoFront& front) {
  std::cout << front.points.size() << " of " << front.compared
            << " completed architectures are Pareto-optimal";
  if (front.without > 0) std::cout << "; " << front.without << " lack a value";
  std::cout << (front.ties ? "; overlapping spreads count as ties, where spreads are known\n"
                           : "; values are compared as they are, whatever their spreads\n");
}

int pareto(const ParetoArguments& arguments) {
  const store::Study study = store::Study::open(arguments.study, store::Study::Access::kRead);
  run::ParetoOptions options;
  if (!arguments.objectives.empty()) {
    options.objectives = run::objectives_from_text(arguments.objectives);
  }
  options.ties = !arguments.no_ties && (arguments.ties || !options.objectives.empty());
  const run::ParetoFront front = run::pareto_front_of(study, options);
  const std::vector<space::Trial> trials = study.trials();
  std::optional<double> volume;
  if (!arguments.reference.empty()) volume = hypervolume_of(front, arguments.reference);
  if (arguments.format == "json") {
    Json json = front_json(front, trials);
    if (volume) json["hypervolume"] = {{"reference", arguments.reference}, {"value", *volume}};
    std::cout << json.dump(2) << "\n";
    return 0;
  }
  const bool is_csv = arguments.format == "csv";
  const Table table = front_table(front, trials, is_csv);
  std::cout << (is_csv ? to_csv(table) : to_text(table));
  if (is_csv) return 0;
  print_note(front);
  if (volume) std::cout << "hypervolume " << format_significant(*volume, 6) << "\n";
  return 0;
}

}  // namespace

void add_pareto(CLI::App& program, Action& action) {
  auto arguments = std::make_shared<ParetoArguments>();
  Verb verb(program, "pareto", "the trials that no other is better than in every objective");
  verb.option("study", arguments->study, "folder of the study").required();
  verb.option("--objectives", arguments->objectives,
              "recorded metrics instead of the study's objectives: val_bpb,params or "
              "METRIC:maximize,...; spreads then count as ties");
  const Option ties =
      verb.flag("--ties", arguments->ties, "keep trials that are beaten only within the spreads");
  verb.flag("--no-ties", arguments->no_ties, "compare values as they are").excludes(ties);
  verb.option("--reference", arguments->reference,
              "a point worse than all, one number for each objective: print the hypervolume "
              "(two or three objectives)")
      .separated_by(',');
  verb.option("--format", arguments->format, "table, json or csv").among({"table", "json", "csv"});
  verb.callback([arguments, &action] { action = [arguments] { return pareto(*arguments); }; });
}

}  // namespace nas::cli
