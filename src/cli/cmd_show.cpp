#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/space/text.hpp"

namespace nas::cli {
namespace {

/// The trial and its first parents up to the initial program, youngest first.
std::vector<const space::Trial*> lineage(const std::vector<space::Trial>& trials,
                                         std::int64_t number) {
  std::vector<const space::Trial*> line;
  for (;;) {
    const space::Trial& trial = trials[static_cast<std::size_t>(number)];
    line.push_back(&trial);
    if (trial.candidate.parents.empty()) return line;
    number = trial.candidate.parents.front();
  }
}

std::string change_text(const space::Candidate& candidate) {
  if (candidate.changes.empty()) return candidate.origin;
  std::string text;
  for (const space::Change& change : candidate.changes) {
    text += (text.empty() ? "" : ", ") + std::string(to_text(change.kind)) + " in " + change.where;
  }
  return text;
}

/// Counts in full, measured values to six digits.
std::string value_text(double value) {
  constexpr double kLargest = 1e15;
  const bool is_whole = std::abs(value) < kLargest && value == std::trunc(value);
  return is_whole ? format_exact(value) : format_significant(value, 6);
}

void print_lineage(const std::vector<space::Trial>& trials, std::int64_t number,
                   const std::vector<space::Objective>& objectives) {
  std::cout << "lineage\n";
  for (const space::Trial* trial : lineage(trials, number)) {
    std::cout << "  trial " << trial->number << "  " << to_text(trial->outcome.state) << "  ";
    if (trial->outcome.state == space::TrialState::kComplete) {
      std::cout << values_text(trial->outcome, objectives) << "  ";
    }
    std::cout << change_text(trial->candidate) << "\n";
  }
}

void print_architecture(const space::Architecture& architecture) {
  const space::Program* shown = nullptr;
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    const space::LayerSpec& layer = architecture.layers[i];
    std::cout << "layer " << i << ": heads " << layer.heads << ", inner_dim " << layer.inner_dim;
    if (shown != nullptr && *shown == layer.program) {
      std::cout << ", the same program\n";
      continue;
    }
    std::cout << "\n" << to_text(layer.program) << "\n";
    shown = &layer.program;
  }
}

/// The subprograms that a layer's program was lowered from, where Primer's form evolves.
void print_dnas(const space::Sample& sample) {
  for (const space::Dna& dna : sample.dnas) {
    if (!dna.subprograms.empty()) std::cout << "lowered from\n" << to_text(dna) << "\n";
  }
}

void print_result(const store::Study& study, const std::vector<space::Trial>& trials,
                  const space::Trial& trial) {
  const space::Outcome& outcome = trial.outcome;
  std::cout << "trial " << trial.number << ": " << to_text(outcome.state);
  if (!outcome.reason.empty()) std::cout << " (" << outcome.reason << ")";
  std::cout << "\n";
  if (!outcome.detail.empty()) std::cout << "  " << outcome.detail << "\n";
  if (trial.candidate.duplicate_of) {
    std::cout << "  the same architecture as trial " << *trial.candidate.duplicate_of
              << ", whose result it takes\n";
  }
  for (const space::Score& score : outcome.scores) {
    std::cout << "  " << score.name << " " << value_text(score.value)
              << (std::isnan(score.spread) ? "" : " +- " + format_significant(score.spread, 2))
              << (score.unit.empty() ? "" : " " + score.unit) << "\n";
  }
  for (const auto& [step, value] : outcome.intermediate) {
    std::cout << "  step " << step << ": " << format_significant(value, 6) << "\n";
  }
  print_lineage(trials, trial.number, study.header().objectives());
}

struct ShowOptions {
  std::string study;
  std::int64_t trial = 0;
  bool program = false;
  std::string format = "text";
};

int show(const ShowOptions& options) {
  const bool is_python = options.format == "python";
  if (is_python && options.program) {
    throw Error(ErrorKind::kUsage, "--program and --format python exclude each other");
  }
  if (is_python) static_cast<void>(run::engine());
  const store::Study study = store::Study::open(options.study, store::Study::Access::kRead);
  const std::vector<space::Trial> trials = study.trials();
  const std::int64_t number = options.trial;
  if (number < 0 || number >= static_cast<std::int64_t>(trials.size())) {
    throw Error(ErrorKind::kUsage, "there is no trial " + std::to_string(number) +
                                       "; the study has " + std::to_string(trials.size()));
  }
  const space::Trial& trial = trials[static_cast<std::size_t>(number)];
  const space::Architecture architecture = canonical(trial.candidate.architecture);
  if (is_python) {
    std::cout << run::engine().python_module(architecture);
    return 0;
  }
  if (!options.program) print_result(study, trials, trial);
  print_architecture(architecture);
  print_dnas(trial.candidate.sample);
  return 0;
}

}  // namespace

void add_show(CLI::App& program, Action& action) {
  auto options = std::make_shared<ShowOptions>();
  Verb verb(program, "show", "one trial: result, lineage, and its programs in text form");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("trial", options->trial, "number of the trial").required();
  verb.flag("--program", options->program, "only the layers' sizes and programs");
  verb.option("--format", options->format,
              "text; or python: the architecture as a module for PyTorch, without its weights")
      .among({"text", "python"});
  verb.callback([options, &action] { action = [options] { return show(*options); }; });
}

}  // namespace nas::cli
