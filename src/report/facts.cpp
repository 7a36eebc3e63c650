#include <nlohmann/json.hpp>

#include "nas/report/report.hpp"

namespace nas::report {

StudyFacts read_facts(const store::Study& study) {
  store::StudyHeader header = study.header();
  StudyFacts facts;
  facts.folder = study.folder();
  facts.name = header.name;
  facts.objectives = header.objectives();
  facts.config = std::move(header.config);
  facts.environment = std::move(header.environment);
  facts.trials = study.trials();
  facts.breaks = study.breaks();
  facts.finished = !study.attribute("finished").is_null();
  const auto seed = facts.config->find("seed");
  if (seed != facts.config->end() && seed->is_number()) facts.seed = seed->get<std::uint64_t>();
  for (const space::Trial& trial : facts.trials) {
    const Json redrawn = study.trial_attribute(trial.number, "redrawn");
    if (!redrawn.is_object()) continue;
    for (const auto& [reason, count] : redrawn.items()) {
      facts.redrawn[reason] += count.get<std::int64_t>();
    }
  }
  return facts;
}

}  // namespace nas::report
