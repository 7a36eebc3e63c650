#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"

namespace nas::cli {
namespace {

constexpr int kDiffersExit = 1;

struct ReplayOptions {
  std::string study;
  std::vector<std::int64_t> trials;
  bool all = false;
  bool keep = false;
};

int replay(ReplayOptions options) {
  prepare_engine_of(options.study);
  // Nobody else may write where weights are kept.
  const auto access = options.keep ? store::Study::Access::kWrite : store::Study::Access::kRead;
  const store::Study study = store::Study::open(options.study, access);
  if (options.all) {
    for (const space::Trial& trial : study.trials()) {
      if (is_finished(trial.outcome.state)) options.trials.push_back(trial.number);
    }
  }
  if (options.trials.empty()) {
    throw Error(ErrorKind::kUsage, "name a trial, or --all");
  }
  const run::Plan plan = stored_plan(study);
  const auto evaluator = make_evaluator(on_one_device(plan.config));
  for (const std::string& line :
       run::environment_difference(study.header().environment, run::environment_of(*evaluator))) {
    log_warning("this machine differs from the study's: " + line);
  }
  int code = 0;
  for (const std::int64_t trial : options.trials) {
    const run::Replay result = run::replay_trial(plan, *evaluator, study, trial, options.keep);
    std::cout << "trial " << trial << ": "
              << (result.identical ? "bit-identical" : result.difference) << std::endl;
    if (!result.identical) code = kDiffersExit;
  }
  return code;
}

}  // namespace

void add_replay(CLI::App& program, Action& action) {
  auto options = std::make_shared<ReplayOptions>();
  Verb verb(program, "replay",
            "evaluate finished trials again and compare every bit with what is stored");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("trials", options->trials, "numbers of trials");
  verb.flag("--all", options->all, "every finished trial");
  verb.flag("--keep", options->keep,
            "keep the weights in the trial's folder where they are the stored ones again");
  verb.footer("Exit code 1 when a trial differs.");
  verb.callback([options, &action] { action = [options] { return replay(*options); }; });
}

}  // namespace nas::cli
