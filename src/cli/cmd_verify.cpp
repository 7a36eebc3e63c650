#include <cmath>
#include <iostream>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "study_run.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

struct VerifyArguments {
  std::string study;
  std::int64_t top = 0;      ///< 0: as configured, at least 1
  std::int64_t repeats = 0;  ///< 0: as configured
  std::int64_t workers = 0;
  bool random = false;
  bool allow_environment_change = false;
  std::string format = "table";
};

config::RunConfig wanted_config(const store::Study& study, const VerifyArguments& arguments) {
  config::RunConfig config = stored_config(study);
  if (arguments.top > 0) config.verify.top = arguments.top;
  if (config.verify.top == 0) config.verify.top = 1;
  if (arguments.repeats > 0) config.verify.repeats = arguments.repeats;
  config.verify.random_search = config.verify.random_search || arguments.random;
  return config;
}

std::string number_text(double value, int digits) {
  return std::isnan(value) ? "-" : format_significant(value, digits);
}

Table table_of(const run::Verification& verification) {
  Table table{
      {"trained again", verification.metric, "95 % from", "to", "seeds", "failed", "P(best)"}, {}};
  for (const run::VerifiedRole& role : verification.roles) {
    table.rows.push_back({role_text(verification, role), number_text(role.mean, 6),
                          number_text(role.low, 6), number_text(role.high, 6),
                          std::to_string(role.values.size()), std::to_string(role.failed),
                          number_text(role.best_probability, 2)});
  }
  return table;
}

void print(const store::Study& study, const std::string& format) {
  const auto verification = run::verification_of(study);
  if (format == "json") {
    std::cout << (verification ? verification_to_json(*verification) : Json(nullptr)).dump(2)
              << "\n";
    return;
  }
  if (!verification) {
    std::cout << "nothing was trained again: no objective is trained\n";
    return;
  }
  std::cout << to_text(table_of(*verification));
  for (const std::string& line : verdict_lines(*verification)) std::cout << line << "\n";
}

/// Whether no trial is left to run.
bool is_searched(const run::Plan& plan, const std::vector<space::Trial>& trials) {
  for (const space::Trial& trial : trials) {
    if (!is_finished(trial.outcome.state)) return false;
  }
  return static_cast<std::int64_t>(trials.size()) >= plan.config.budget.trials ||
         plan.searcher->exhausted({trials, trials.size()});
}

int verify(const VerifyArguments& arguments) {
  prepare_engine_of(arguments.study);
  store::Study study = store::Study::open(arguments.study, store::Study::Access::kWrite);
  const std::vector<space::Trial> trials = study.trials();
  static_cast<void>(require_best(study));
  const config::RunConfig wanted = wanted_config(study, arguments);
  const run::Plan plan = run::make_plan(wanted, JsonPositions(study.folder() + "/study.db"));
  const auto evaluator = make_evaluator(plan.config);
  accept_environment(study, *evaluator, arguments.allow_environment_change);
  const bool searched = is_searched(plan, trials);
  if (!searched)
    log_warning("the search is unfinished: the best of its trials so far are verified");
  accept_config(study, plan.config, false);
  // Stopped from here on, the study is unfinished: resuming it goes on with the verification.
  study.set_attribute("finished", nullptr);
  open_log_file(study.folder() + "/nas.log");
  run::RunEnd end = run::RunEnd::kFinished;
  {
    Progress progress(progress_options(plan, *evaluator, trials),
                      run::best_trial(trials, plan.objectives));
    end = run::run_verification(plan, *evaluator, study, {arguments.workers, &progress});
  }
  if (searched && end == run::RunEnd::kFinished) {
    study.set_attribute("finished", plan.config.budget.trials);
  }
  print(study, arguments.format);
  return exit_code_of(end, study.folder());
}

}  // namespace

void add_verify(CLI::App& program, Action& action) {
  auto arguments = std::make_shared<VerifyArguments>();
  Verb verb(program, "verify", "train the best trials again with fresh seeds, beside baselines");
  verb.option("study", arguments->study, "folder of the study").required();
  verb.option("--top", arguments->top, "best trials to train again [verify.top]").range(1, 1000);
  verb.option("--repeats", arguments->repeats, "trainings of each [verify.repeats]").range(1, 1000);
  verb.flag("--random", arguments->random,
            "also run a random search of as many trials and train its winner again");
  verb.option("--workers", arguments->workers, "trainings at a time, at most search.parallelism")
      .range(1, 256);
  verb.flag("--allow-environment-change", arguments->allow_environment_change,
            "go on on another machine or version; the study records the break");
  verb.option("--format", arguments->format, "table or json").among({"table", "json"});
  verb.callback([arguments, &action] { action = [arguments] { return verify(*arguments); }; });
}

}  // namespace nas::cli
