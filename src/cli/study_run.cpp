#include <unistd.h>

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
#include "progress.hpp"

namespace nas::cli {
namespace {

constexpr int kSecondsSpentExit = 4;

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
  const std::vector<space::Trial> trials = study.trials();
  const store::StudyHeader header = study.header();
  std::cout << "study     " << study.folder() << "\n";
  print_states(trials);
  if (const space::Trial* best = run::best_trial(trials, header.maximize)) {
    std::cout << "best      trial " << best->number << ": " << header.metric << " "
              << format_significant(best->outcome.value, 6) << ", hash "
              << best->candidate.hash.hex() << "\n";
    if (const auto verification = run::verification_of(study)) {
      for (const std::string& line : verification_lines(*verification, header.metric)) {
        std::cout << line << "\n";
      }
    }
    std::cout << "next      nas show " << study.folder() << " " << best->number
              << "   (the architecture and where it came from)\n"
              << "          nas export " << study.folder()
              << " --format torchscript --output best.pt\n";
  }
}

}  // namespace

std::vector<std::string> verification_lines(const run::Verification& verification,
                                            const std::string& metric) {
  std::vector<std::string> lines;
  for (const run::VerifiedRole& role : verification.roles) {
    std::string line = "verified  " + role.role;
    if (role.trial >= 0) line += " (trial " + std::to_string(role.trial) + ")";
    line += ": " + metric + " " + format_significant(role.mean, 6) + " +- " +
            format_significant(role.deviation, 2) + " over " + std::to_string(role.values.size()) +
            " fresh seeds";
    if (role.failed > 0) line += ", " + std::to_string(role.failed) + " failed";
    lines.push_back(line);
  }
  if (!verification.verdict.empty()) {
    lines.push_back("verdict   " + verification.verdict + ": difference " +
                    format_significant(verification.difference, 3) + ", 95 % interval [" +
                    format_significant(verification.low, 3) + ", " +
                    format_significant(verification.high, 3) + "]");
  }
  return lines;
}

Json verification_to_json(const run::Verification& verification) {
  Json roles = Json::array();
  for (const run::VerifiedRole& role : verification.roles) {
    roles.push_back({{"role", role.role},
                     {"trial", role.trial >= 0 ? Json(role.trial) : Json(nullptr)},
                     {"hash", role.hash},
                     {"values", role.values},
                     {"failed", role.failed},
                     {"mean", number_or_null(role.mean)},
                     {"deviation", number_or_null(role.deviation)}});
  }
  return {{"roles", roles},
          {"difference", number_or_null(verification.difference)},
          {"interval_95", {number_or_null(verification.low), number_or_null(verification.high)}},
          {"verdict", verification.verdict}};
}

std::shared_ptr<const run::Evaluator> make_evaluator(const config::RunConfig& config) {
  return run::builtin_evaluators().at(config.evaluator).make(config);
}

run::Plan stored_plan(const store::Study& study) {
  JsonPositions positions(study.folder() + "/study.db");
  const config::RunConfig config = config::config_from_json(study.header().config, positions);
  return run::make_plan(config, positions);
}

space::Trial require_best(const store::Study& study) {
  const std::vector<space::Trial> trials = study.trials();
  const space::Trial* best = run::best_trial(trials, study.header().maximize);
  if (best == nullptr) {
    throw Error(ErrorKind::kFailures, study.folder() + " has no COMPLETE trial among its " +
                                          std::to_string(trials.size()) +
                                          "; `nas trials` says why");
  }
  return *best;
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

int run_study(const run::Plan& plan, const run::Evaluator& evaluator, store::Study& study,
              std::int64_t workers) {
  open_log_file(study.folder() + "/nas.log");
  const std::vector<space::Trial> trials = study.trials();
  Progress::Options options;
  options.budget = plan.config.budget.trials;
  options.total_steps = evaluator.total_steps();
  options.maximize = plan.maximize;
  options.metric = study.header().metric;
  options.terminal = isatty(STDERR_FILENO) != 0;
  for (const space::Trial& trial : trials) options.finished += is_finished(trial.outcome.state);
  run::RunEnd end = run::RunEnd::kFinished;
  {
    Progress progress(options, run::best_trial(trials, plan.maximize));
    end = run::run_search(plan, evaluator, study, {workers, &progress});
  }
  print_summary(study);
  if (end == run::RunEnd::kFinished) return 0;
  log_info("stopped; go on with: nas resume " + study.folder());
  return end == run::RunEnd::kInterrupted ? interrupt_exit_code() : kSecondsSpentExit;
}

}  // namespace nas::cli
