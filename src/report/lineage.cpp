#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/space/text.hpp"
#include "report/program_diff.hpp"
#include "report/sections.hpp"
#include "report/values.hpp"

namespace nas::report {
namespace {

/// The winner and its first parents, oldest first.
std::vector<const space::Trial*> line_of(const StudyFacts& facts) {
  std::vector<const space::Trial*> line;
  for (const space::Trial* trial = winner_of(facts); trial != nullptr;) {
    line.push_back(trial);
    if (trial->candidate.parents.empty()) break;
    const std::int64_t parent = trial->candidate.parents.front();
    if (parent < 0 || parent >= trial->number) break;
    trial = &facts.trials[static_cast<std::size_t>(parent)];
  }
  std::reverse(line.begin(), line.end());
  return line;
}

std::string choice_name(const StudyFacts& facts, std::size_t place) {
  if (facts.space && place < facts.space->choices().size()) {
    return facts.space->choices()[place].name;
  }
  return "choice " + std::to_string(place);
}

std::string option_text(const StudyFacts& facts, std::size_t place, std::uint16_t option) {
  if (facts.space && place < facts.space->choices().size() &&
      option < facts.space->choices()[place].options.size()) {
    const Json& value = facts.space->choices()[place].options[option];
    return value.is_string() ? value.get<std::string>() : value.dump();
  }
  return "option " + std::to_string(option);
}

std::string slot_name(const StudyFacts& facts, std::size_t place) {
  if (facts.space && place < facts.space->slots().size()) return facts.space->slots()[place].name;
  return "program " + std::to_string(place);
}

/// What an evolving place was lowered from, or nothing.
const space::Dna* dna_at(const space::Sample& sample, std::size_t place) {
  if (place >= sample.dnas.size() || sample.dnas[place].subprograms.empty()) return nullptr;
  return &sample.dnas[place];
}

/// The lines that differ in an evolving place; of a DNA its own, which shows banks and calls.
std::vector<DiffLine> changed_lines(const space::Sample& before, const space::Sample& after,
                                    std::size_t place) {
  const space::Dna* first = dna_at(before, place);
  const space::Dna* second = dna_at(after, place);
  if (first != nullptr && second != nullptr) {
    if (*first == *second) return {};
    return line_diff(to_text(*first), to_text(*second));
  }
  if (before.programs[place] == after.programs[place]) return {};
  return program_diff(to_text(before.programs[place]), to_text(after.programs[place]));
}

Json differences(const StudyFacts& facts, const space::Sample& before, const space::Sample& after) {
  Json json = Json::array();
  for (std::size_t i = 0; i < std::min(before.choices.size(), after.choices.size()); ++i) {
    if (before.choices[i] == after.choices[i]) continue;
    json.push_back({{"where", choice_name(facts, i)},
                    {"before", option_text(facts, i, before.choices[i])},
                    {"after", option_text(facts, i, after.choices[i])}});
  }
  for (std::size_t i = 0; i < std::min(before.programs.size(), after.programs.size()); ++i) {
    Json lines = Json::array();
    for (const DiffLine& line : changed_lines(before, after, i)) {
      lines.push_back({std::string(1, line.mark), line.text});
    }
    if (lines.empty()) continue;
    json.push_back({{"where", slot_name(facts, i)}, {"lines", std::move(lines)}});
  }
  return json;
}

}  // namespace

Json lineage(const StudyFacts& facts) {
  const double sign = facts.objectives[0].maximize ? 1 : -1;
  Json json = Json::array();
  const space::Trial* parent = nullptr;
  for (const space::Trial* trial : line_of(facts)) {
    const double value = objective_value(facts, *trial, 0);
    Json entry = {{"trial", trial->number},
                  {"state", to_text(trial->outcome.state)},
                  {"value", number_json(value)},
                  {"paid", nullptr},
                  {"change", change_text(trial->candidate)},
                  {"parents", trial->candidate.parents},
                  {"differences", Json::array()}};
    if (parent != nullptr) {
      entry["paid"] = number_json(sign * (value - objective_value(facts, *parent, 0)));
      entry["differences"] = differences(facts, parent->candidate.sample, trial->candidate.sample);
    }
    json.push_back(std::move(entry));
    parent = trial;
  }
  return json;
}

}  // namespace nas::report
