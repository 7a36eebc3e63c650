#include <nlohmann/json.hpp>

#include "nas/core/child_program.hpp"
#include "nas/core/error.hpp"
#include "nas/space/text.hpp"
#include "report/program_graph.hpp"
#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// The oldest of a trial's first parents, or the trial itself.
const space::Trial& first_ancestor(const StudyFacts& facts, const space::Trial& trial) {
  const space::Trial* oldest = &trial;
  while (!oldest->candidate.parents.empty()) {
    const std::int64_t parent = oldest->candidate.parents.front();
    if (parent < 0 || parent >= oldest->number) break;
    oldest = &facts.trials[static_cast<std::size_t>(parent)];
  }
  return *oldest;
}

Json scores_json(const space::Scores& scores) {
  Json json = Json::array();
  for (const space::Score& score : scores) {
    json.push_back({{"name", score.name},
                    {"value", number_json(score.value)},
                    {"unit", score.unit},
                    {"spread", number_json(score.spread)},
                    {"protocol", score.protocol}});
  }
  return json;
}

}  // namespace

Drawing draw_winner(const StudyFacts& facts, const std::string& dot) {
  const space::Trial* best = winner_of(facts);
  if (best == nullptr) return {"", "no trial was evaluated to the end"};
  const std::string graph =
      graph_text(distinct_programs(best->candidate.architecture),
                 distinct_programs(first_ancestor(facts, *best).candidate.architecture));
  try {
    const ProgramResult drawn = run_program({dot, "-Tsvg"}, graph);
    const std::size_t begin = drawn.output.find("<svg");
    if (drawn.exit_code == 0 && begin != std::string::npos) return {drawn.output.substr(begin), ""};
    return {"", dot + " ended with exit code " + std::to_string(drawn.exit_code) +
                    (drawn.errors.empty() ? "" : ": " + drawn.errors)};
  } catch (const Error& error) {
    return {"", std::string(error.what()) + " (Graphviz; Debian: graphviz)"};
  }
}

Json winner(const StudyFacts& facts, const Drawing& drawing) {
  const space::Trial* best = winner_of(facts);
  if (best == nullptr) return nullptr;
  const space::Architecture whole = canonical(best->candidate.architecture);
  Json programs = Json::array();
  for (const LayerProgram& program : distinct_programs(whole)) {
    programs.push_back({{"title", program.title}, {"text", program.text}});
  }
  for (const space::Dna& dna : best->candidate.sample.dnas) {
    if (dna.subprograms.empty()) continue;
    programs.push_back({{"title", "Lowered from this DNA"}, {"text", to_text(dna)}});
  }
  return {{"trial", best->number},
          {"value", number_json(best->outcome.value)},
          {"hash", best->candidate.hash.hex()},
          {"ancestor", first_ancestor(facts, *best).number},
          {"scores", scores_json(best->outcome.scores)},
          {"programs", std::move(programs)},
          {"svg", drawing.svg},
          {"no_drawing", drawing.missing}};
}

}  // namespace nas::report
