#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/units.hpp"
#include "nas/run/pareto_front.hpp"

namespace nas::cli {
namespace {

Json best_json(const store::Study& study, const space::Trial& best) {
  Json json = trial_to_json(best);
  json["architecture"] = to_json(canonical(best.candidate.architecture));
  // By the names of the space, with the DNA of programs: what search.enqueue takes.
  json["sample"] = stored_plan(study).space->to_json(best.candidate.sample);
  const auto verification = run::verification_of(study);
  json["verification"] = verification ? verification_to_json(*verification) : Json(nullptr);
  return json;
}

void print(const store::Study& study, const space::Trial& best) {
  const std::vector<space::Objective> objectives = study.header().objectives();
  std::cout << "trial     " << best.number << "\n";
  for (std::size_t i = 0; i < objectives.size(); ++i) {
    const std::string& metric = objectives[i].metric;
    const double value = i == 0 ? best.outcome.value : best.outcome.further_values[i - 1];
    std::cout << metric << std::string(metric.size() < 9 ? 10 - metric.size() : 1, ' ')
              << format_exact(value) << "\n";
  }
  std::cout << "hash      " << best.candidate.hash.hex() << "\n";
  if (objectives.size() > 1) {
    std::cout << "pareto    one of " << run::pareto_front_of(study, {}).points.size()
              << " Pareto-optimal architectures, the best in " << objectives.front().metric
              << ": nas pareto " << study.folder() << "\n";
  }
  if (const auto verification = run::verification_of(study)) {
    for (const std::string& line : verification_lines(*verification)) std::cout << line << "\n";
  } else {
    std::cout << "verified  not yet: its value is of the search's own seeds\n";
  }
}

}  // namespace

void add_best(CLI::App& program, Action& action) {
  struct Options {
    std::string study;
    std::string format = "table";
  };
  auto options = std::make_shared<Options>();
  Verb verb(program, "best", "the best trial and what verification says of it");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("--format", options->format, "table or json (with the architecture)")
      .among({"table", "json"});
  verb.callback([options, &action] {
    action = [options] {
      const store::Study study = store::Study::open(options->study, store::Study::Access::kRead);
      const space::Trial best = require_best(study);
      if (options->format == "json") {
        std::cout << best_json(study, best).dump(2) << "\n";
      } else {
        print(study, best);
      }
      return 0;
    };
  });
}

}  // namespace nas::cli
