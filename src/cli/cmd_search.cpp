#include <cmath>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "dry_run.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/log.hpp"

namespace nas::cli {
namespace {

struct SearchOptions {
  std::string config;
  std::string study;
  std::vector<std::string> overrides;
  std::string device;
  std::int64_t workers = 0;
  bool dry_run = false;
  bool print_config = false;
  bool no_fuse = false;
  bool check_causality = false;
};

std::vector<std::string> all_overrides(const SearchOptions& options) {
  std::vector<std::string> overrides = options.overrides;
  if (!options.device.empty()) overrides.push_back("device=\"" + options.device + "\"");
  if (options.no_fuse) overrides.emplace_back("training.fuse=false");
  if (options.check_causality) overrides.emplace_back("training.check_causality=true");
  return overrides;
}

/// What stands in a folder that a search wants to use.
struct Found {
  bool finished = false;
  std::vector<std::string> difference;  ///< of its configuration to the wanted one, when unfinished
};

Found look_at(const std::string& folder, const config::RunConfig& wanted) {
  const store::Study study = store::Study::open(folder, store::Study::Access::kRead);
  Found found;
  found.finished = !study.attribute("finished").is_null();
  if (found.finished) return found;
  found.difference = config::config_difference(to_json(stored_config(study)), to_json(wanted));
  return found;
}

[[noreturn]] void refuse_unfinished(const std::string& folder,
                                    const std::vector<std::string>& difference) {
  if (difference.empty()) {
    throw Error(ErrorKind::kUsage,
                folder + " holds this search unfinished; go on with: nas resume " + folder);
  }
  std::string message = folder + " holds an unfinished search with another configuration:";
  for (const std::string& line : difference) message += "\n  " + line;
  throw Error(ErrorKind::kUsage, message + "\ngo on with that one: nas resume " + folder +
                                     "\nor start this one elsewhere: --study DIR");
}

/// The folder to make: the wanted one, or NAME-2, NAME-3, ... when it holds a finished study.
/// Throws Error(kUsage) when it holds an unfinished one.
std::string free_folder(const std::string& wanted, const config::RunConfig& config) {
  std::string folder = wanted;
  for (int next = 2; store::Study::exists(folder); ++next) {
    const Found found = look_at(folder, config);
    if (!found.finished) refuse_unfinished(folder, found.difference);
    folder = wanted + "-" + std::to_string(next);
  }
  if (folder != wanted) {
    log_info(wanted + " holds a finished search; this one goes to " + folder);
  }
  return folder;
}

/// The evaluator; what is wrong with the corpus is said with its place in the configuration.
std::shared_ptr<const run::Evaluator> evaluator_of(const config::RunConfig& config,
                                                   const JsonPositions& positions) {
  try {
    return make_evaluator(config);
  } catch (const Error& error) {
    const std::string place = positions.describe("/data/corpus");
    if (error.kind() != ErrorKind::kData || place.empty()) throw;
    throw Error(ErrorKind::kData, "data.corpus (" + place + "): " + error.what());
  }
}

/// A study in which nothing could be begun: left there, it would stand in the way of the next
/// attempt with mended constraints. Only what making it wrote is removed, the lock last.
void remove_empty_study(const std::string& folder, bool has_made_folder) {
  std::error_code ignored;
  for (const char* name :
       {"config.resolved.json", "nas.log", "study.db-wal", "study.db-shm", "study.db", "lock"}) {
    std::filesystem::remove(std::filesystem::path(folder) / name, ignored);
  }
  if (has_made_folder) std::filesystem::remove(folder, ignored);  // only an empty one
}

int search(const SearchOptions& options) {
  JsonPositions positions;
  const std::string file = find_config(options.config);
  prepare_for_stream(file);
  const config::RunConfig config = config::read_config(file, all_overrides(options), &positions);
  if (options.print_config) {
    std::cout << to_json(config).dump(2) << "\n";
    return 0;
  }
  const run::Plan plan = run::make_plan(config, positions);
  if (options.dry_run) return dry_run(plan);
  prepare_engine(config.evaluator);
  std::string wanted = options.study.empty() ? "runs/" + config.name : options.study;
  while (wanted.size() > 1 && wanted.back() == '/') wanted.pop_back();
  const std::string folder = free_folder(wanted, plan.config);
  const auto evaluator = evaluator_of(plan.config, positions);
  const store::StudyHeader header = run::study_header(plan, *evaluator);
  const bool makes_folder = !std::filesystem::exists(folder);
  store::Study study = store::Study::create(folder, header);
  write_file_atomically(folder + "/config.resolved.json", header.config->dump(2) + "\n");
  log_info("study " + folder + ": " + std::to_string(config.budget.trials) + " trials, searcher " +
           config.search.name);
  try {
    return run_study(plan, *evaluator, study, options.workers);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::kInfeasible && study.trials().empty()) {
      remove_empty_study(folder, makes_folder);
    }
    throw;
  }
}

}  // namespace

void add_search(CLI::App& program, Action& action) {
  auto options = std::make_shared<SearchOptions>();
  Verb verb(program, "search", "search the space of a configuration and verify the winner");
  verb.option("--config", options->config,
              "configuration: a path, or the name of a shipped one (primer.json)")
      .required();
  verb.option("--study", options->study, "folder of the study [runs/<name>]");
  verb.option("--set", options->overrides,
              "override: a.b=v, +a.b=v (new key), ~a.b (delete); may be repeated")
      .one_value_each();
  verb.option("--device", options->device,
              "auto, cpu, cuda, cuda:N, or several that share the search: cuda:0,cuda:1");
  verb.option("--workers", options->workers,
              "trials at a time, at most search.parallelism [as many as the cores allow]")
      .range(1, 256);
  verb.flag("--dry-run", options->dry_run,
            "print size of the space, constraints, memory bound and time needed; start nothing");
  verb.flag("--print-config", options->print_config, "print the resolved configuration");
  verb.flag("--no-fuse", options->no_fuse, "run every node by its plain form");
  verb.flag("--check-causality", options->check_causality,
            "check each candidate numerically for leaks before training it");
  verb.callback([options, &action] { action = [options] { return search(*options); }; });
}

}  // namespace nas::cli
