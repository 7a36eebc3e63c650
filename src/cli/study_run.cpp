#include "study_run.hpp"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/run/pareto_front.hpp"

namespace nas::cli {
namespace {

Json number_or_null(double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); }

void print_states(const std::vector<space::Trial>& trials) {
  std::map<std::string, std::int64_t> counts;
  for (const space::Trial& trial : trials) {
    std::string name = to_text(trial.outcome.state);
    if (!trial.outcome.reason.empty()) name += " (" + trial.outcome.reason + ")";
    ++counts[name];
  }
  std::cout << "trials    " << trials.size();
  for (const auto& [name, count] : counts) {
    std::cout << (name == counts.begin()->first ? ": " : ", ") << count << " " << name;
  }
  std::cout << "\n";
}

void print_summary(const store::Study& study) {
  const auto winner = run::winner_of(study);
  const std::vector<space::Trial> trials = study.trials();
  const store::StudyHeader header = study.header();
  std::cout << "study     " << study.folder() << "\n";
  print_states(trials);
  if (winner) {
    const space::Trial* best = &trials.at(static_cast<std::size_t>(*winner));
    std::cout << "best      trial " << best->number << ": "
              << values_text(best->outcome, header.objectives()) << ", hash "
              << best->candidate.hash.hex() << "\n";
    if (!header.further_objectives.empty()) {
      std::cout << "pareto    " << run::pareto_front_of(study, {}).points.size()
                << " Pareto-optimal architectures: nas pareto " << study.folder() << "\n";
    }
    if (const auto verification = run::verification_of(study)) {
      for (const std::string& line : verification_lines(*verification)) std::cout << line << "\n";
    }
    std::cout << "next      nas show " << study.folder() << " " << best->number
              << "   (the architecture and where it came from)\n"
              << "          nas export " << study.folder()
              << " --format torchscript --output best.pt\n";
  }
}

}  // namespace

void prepare_engine(const std::string& evaluator) {
  if (run::builtin_evaluators().at(evaluator).needs_engine) static_cast<void>(run::engine());
}

void prepare_for_stream(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored) && !std::filesystem::is_regular_file(path, ignored)) {
    static_cast<void>(run::engine());
  }
}

void prepare_engine_of(const std::string& study_folder) {
  if (!store::Study::exists(study_folder)) return;
  const store::Study study = store::Study::open(study_folder, store::Study::Access::kRead);
  prepare_engine(stored_config(study).evaluator);
}

config::RunConfig on_one_device(config::RunConfig config) {
  config.device = config::device_names(config.device).front();
  return config;
}

std::shared_ptr<const run::Evaluator> make_evaluator(const config::RunConfig& config) {
  return run::builtin_evaluators().at(config.evaluator).make(config);
}

config::RunConfig stored_config(const store::Study& study) {
  return config::config_from_json(study.header().config,
                                  JsonPositions(study.folder() + "/study.db"));
}

run::Plan stored_plan(const store::Study& study) {
  return run::make_plan(stored_config(study), JsonPositions(study.folder() + "/study.db"));
}

space::Trial require_best(const store::Study& study) {
  // First the winner: the study may be running, and trials that are read later hold it.
  const auto winner = run::winner_of(study);
  const std::vector<space::Trial> trials = study.trials();
  if (!winner) {
    throw Error(ErrorKind::kFailures, study.folder() + " has no COMPLETE trial among its " +
                                          std::to_string(trials.size()) +
                                          "; `nas trials` says why");
  }
  return trials.at(static_cast<std::size_t>(*winner));
}

Json trial_to_json(const space::Trial& trial) {
  Json metrics = Json::object();
  for (const space::Score& score : trial.outcome.scores) {
    metrics[score.name] = {{"value", number_or_null(score.value)},
                           {"unit", score.unit},
                           {"spread", number_or_null(score.spread)},
                           {"protocol", score.protocol}};
  }
  Json values = nullptr;
  if (trial.outcome.state == space::TrialState::kComplete) {
    values = Json::array({number_or_null(trial.outcome.value)});
    for (const double value : trial.outcome.further_values) values.push_back(number_or_null(value));
  }
  return {{"number", trial.number},
          {"state", to_text(trial.outcome.state)},
          {"reason", trial.outcome.reason.empty() ? Json(nullptr) : Json(trial.outcome.reason)},
          {"values", values},
          {"metrics", metrics},
          {"hash", trial.candidate.hash.hex()},
          {"parents", trial.candidate.parents},
          {"seconds", number_or_null(trial.outcome.seconds)}};
}

std::string values_text(const space::Outcome& outcome,
                        const std::vector<space::Objective>& objectives) {
  std::string text = objectives.front().metric + " " + format_significant(outcome.value, 6);
  for (std::size_t i = 0; i < outcome.further_values.size(); ++i) {
    text +=
        ", " + objectives[i + 1].metric + " " + format_significant(outcome.further_values[i], 6);
  }
  return text;
}

Progress::Options progress_options(const run::Plan& plan, const run::Evaluator& evaluator,
                                   const std::vector<space::Trial>& trials) {
  Progress::Options options;
  const std::int64_t budget = plan.config.budget.trials;
  options.budget = std::min(budget, plan.searcher->trials_needed().value_or(budget));
  options.total_steps = [&](const space::Architecture& architecture) {
    return evaluator.total_steps(architecture) * plan.config.repeat.seeds;
  };
  options.maximize = plan.objectives.front().maximize;
  options.metric = plan.objectives.front().metric;
  options.terminal = isatty(STDERR_FILENO) != 0;
  for (const space::Trial& trial : trials) options.finished += is_finished(trial.outcome.state);
  return options;
}

int run_study(const run::Plan& plan, const run::Evaluator& evaluator, store::Study& study,
              std::int64_t workers) {
  open_log_file(study.folder() + "/nas.log");
  const std::vector<space::Trial> trials = study.trials();
  run::RunEnd end = run::RunEnd::kFinished;
  {
    Progress progress(progress_options(plan, evaluator, trials),
                      run::best_trial(trials, plan.objectives));
    end = run::run_search(plan, evaluator, study, {workers, &progress});
  }
  print_summary(study);
  return exit_code_of(end, study.folder());
}

int exit_code_of(run::RunEnd end, const std::string& folder) {
  if (end == run::RunEnd::kFinished) return 0;
  log_info("stopped; go on with: nas resume " + folder);
  return end == run::RunEnd::kInterrupted ? interrupt_exit_code() : kResumableExit;
}

}  // namespace nas::cli
