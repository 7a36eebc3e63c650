#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"

namespace nas::cli {
namespace {

struct ResumeOptions {
  std::string study;
  std::vector<std::string> overrides;
  std::int64_t workers = 0;
  bool allow_config_change = false;
  bool allow_environment_change = false;
};

/// The configuration to go on with: the stored one, with what the user edited in
/// config.resolved.json and with the overrides.
config::RunConfig wanted_config(const store::Study& study, const ResumeOptions& options) {
  const std::string path = study.folder() + "/config.resolved.json";
  JsonPositions positions(path);
  Json json = study.header().config;
  if (std::filesystem::exists(path)) {
    json = config::with_former_meaning(read_json(path, positions));
  }
  for (const std::string& text : options.overrides) {
    config::apply_override(json, positions, text);
  }
  return config::config_from_json(json, positions);
}

bool is_finished(const store::Study& study, const config::RunConfig& wanted) {
  const Json finished = study.attribute("finished");
  return finished.is_number_integer() && finished.get<std::int64_t>() >= wanted.budget.trials &&
         config::config_difference(to_json(stored_config(study)), to_json(wanted)).empty();
}

int resume(const ResumeOptions& options) {
  if (!store::Study::exists(options.study)) {
    throw Error(ErrorKind::kUsage, "there is no study in " + options.study +
                                       "; start one with: nas search --config FILE --study " +
                                       options.study);
  }
  {
    const store::Study seen = store::Study::open(options.study, store::Study::Access::kRead);
    const config::RunConfig wanted = wanted_config(seen, options);
    if (!is_finished(seen, wanted)) prepare_engine(wanted.evaluator);
  }
  store::Study study = store::Study::open(options.study, store::Study::Access::kWrite);
  const config::RunConfig wanted = wanted_config(study, options);
  if (is_finished(study, wanted)) {
    std::cout << options.study << " is finished (" << wanted.budget.trials
              << " trials); more with: nas resume " << options.study << " --set budget.trials=N\n";
    return 0;
  }
  require_acceptable_config(study, wanted, options.allow_config_change);
  const run::Plan plan =
      run::make_plan(wanted, JsonPositions(options.study + "/config.resolved.json"));
  const auto evaluator = make_evaluator(plan.config);
  // First the environment: a device of another kind or model stays out of the configuration.
  accept_environment(study, *evaluator, options.allow_environment_change);
  accept_config(study, wanted, options.allow_config_change);
  return run_study(plan, *evaluator, study, options.workers);
}

}  // namespace

void add_resume(CLI::App& program, Action& action) {
  auto options = std::make_shared<ResumeOptions>();
  Verb verb(program, "resume", "go on with a study that was stopped or killed");
  verb.option("study", options->study, "folder of the study").required();
  verb.option("--set", options->overrides, "override, such as budget.trials=200").one_value_each();
  verb.option("--workers", options->workers, "trials at a time, at most search.parallelism")
      .range(1, 256);
  verb.flag("--allow-config-change", options->allow_config_change,
            "go on with a changed configuration; the study records the break");
  verb.flag("--allow-environment-change", options->allow_environment_change,
            "go on on another machine or version; the study records the break");
  verb.callback([options, &action] { action = [options] { return resume(*options); }; });
}

}  // namespace nas::cli
