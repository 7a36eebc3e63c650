#include "bench_search.hpp"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/hash.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/median.hpp"
#include "nas/core/units.hpp"
#include "study_run.hpp"
#include "table.hpp"

namespace nas::cli {
namespace {

namespace fs = std::filesystem;

using space::Trial;
using space::TrialState;

/// A folder for studies that nobody keeps; goes with all that is in it.
class ScratchFolder {
 public:
  ScratchFolder() : path_((fs::temp_directory_path() / "nas-bench-XXXXXX").string()) {
    if (::mkdtemp(path_.data()) == nullptr) {
      throw Error(ErrorKind::kIo,
                  "cannot make a folder like " + path_ + ": " + std::string(std::strerror(errno)));
    }
  }
  ~ScratchFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Counts the trials that run at a time; shows progress as a search does.
class Watcher final : public run::Observer {
 public:
  explicit Watcher(Progress& progress) : progress_(progress) {}

  void on_begin(const Trial& trial) override {
    {
      const std::scoped_lock lock(mutex_);
      ++running_;
      most_ = std::max(most_, running_);
    }
    progress_.on_begin(trial);
  }
  void on_step(std::int64_t trial, std::int64_t step) override { progress_.on_step(trial, step); }
  void on_finish(const Trial& trial) override {
    {
      const std::scoped_lock lock(mutex_);
      --running_;
    }
    progress_.on_finish(trial);
  }
  [[nodiscard]] std::int64_t most_at_a_time() const { return most_; }

 private:
  Progress& progress_;
  std::mutex mutex_;
  std::int64_t running_ = 0;
  std::int64_t most_ = 0;
};

/// A search that is to be timed: plan and evaluator serve every number of workers.
struct Bench {
  run::Plan plan;
  run::Plan warm_up;  ///< other candidates of the same space; perhaps no trials
  std::shared_ptr<const run::Evaluator> evaluator;
};

struct TimedRun {
  run::RunEnd end = run::RunEnd::kFinished;
  double seconds = 0;
  std::int64_t workers = 0;  ///< most trials at a time
};

Bench make_bench(const BenchSearchOptions& options, const std::string& path) {
  JsonPositions positions;
  config::RunConfig config = config::read_config(find_config(path), options.overrides, &positions);
  config.verify.top = 0;
  config::RunConfig other = config;
  ++other.seed;
  other.search.name = "random";
  other.search.options = Json::object();
  other.search.enqueue = Json::array();
  other.budget.trials = options.warm_up;
  Bench bench{run::make_plan(config, positions), run::make_plan(other, positions), nullptr};
  prepare_engine(config.evaluator);
  bench.evaluator = make_evaluator(config);
  return bench;
}

TimedRun timed_run(const run::Plan& plan, const run::Evaluator& evaluator, store::Study& study,
                   std::int64_t workers) {
  Progress progress(progress_options(plan, evaluator, {}), nullptr);
  Watcher watcher(progress);
  TimedRun result;
  const auto begin = std::chrono::steady_clock::now();
  result.end = run::run_search(plan, evaluator, study, {workers, &watcher});
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  result.workers = watcher.most_at_a_time();
  return result;
}

/// Of all that a search found, whatever the number of workers and the clock: equal searches that
/// found the same bits have the same.
std::string results_hash(const store::Study& study, const std::vector<Trial>& trials) {
  StreamingHash hash;
  for (const Trial& trial : trials) {
    const space::Outcome& outcome = trial.outcome;
    std::string line = std::to_string(trial.number) + " " + trial.candidate.hash.hex() + " " +
                       to_text(outcome.state) + " " + outcome.reason + " " +
                       format_exact(outcome.value);
    for (const double value : outcome.further_values) line += " " + format_exact(value);
    for (const char* key : {"weights_hash", "weights_hashes"}) {
      line += " " + study.trial_attribute(trial.number, key).dump();
    }
    hash.add(line + "\n");
  }
  return hash.value().hex();
}

/// A candidate that counts: duplicates train nothing, failures and broken constraints are none.
bool was_trained(const Trial& trial) {
  const space::Outcome& outcome = trial.outcome;
  if (trial.candidate.duplicate_of) return false;
  return outcome.state == TrialState::kComplete ||
         (outcome.state == TrialState::kPruned && outcome.reason == "hurdle");
}

Json counts_of(const std::vector<Trial>& trials) {
  std::map<TrialState, std::int64_t> states;
  std::int64_t duplicates = 0;
  Json reasons = Json::object();
  for (const Trial& trial : trials) {
    ++states[trial.outcome.state];
    if (trial.candidate.duplicate_of) ++duplicates;
    if (trial.outcome.reason.empty()) continue;
    reasons[trial.outcome.reason] = reasons.value(trial.outcome.reason, 0) + 1;
  }
  return {{"trials", trials.size()},
          {"complete", states[TrialState::kComplete]},
          {"pruned", states[TrialState::kPruned]},
          {"failed", states[TrialState::kFail]},
          {"reasons", reasons},
          {"duplicates", duplicates}};
}

Json row_of(const Bench& bench, const store::Study& study, const TimedRun& run) {
  const config::RunConfig& config = bench.plan.config;
  std::vector<Trial> trials = study.trials();
  // What budget.seconds stopped is no result.
  std::erase_if(trials, [](const Trial& trial) { return !is_finished(trial.outcome.state); });
  std::vector<double> seconds;
  for (const Trial& trial : trials) {
    if (was_trained(trial)) seconds.push_back(trial.outcome.seconds);
  }
  const Json environment = bench.evaluator->environment();
  const std::string kind = environment.value("device_kind", config.device);
  Json row{{"name", config.name},
           {"device", config.device == "auto" ? kind : config.device},
           {"device_name", environment.value("device_name", kind)},
           {"workers", run.workers}};
  row.update(counts_of(trials));
  row["trained"] = seconds.size();
  row["seconds"] = run.seconds;
  row["candidates_per_hour"] = 3600 * static_cast<double>(seconds.size()) / run.seconds;
  row["trial_seconds"] = median(seconds);
  row["results_hash"] = results_hash(study, trials);
  const bool has_engine = run::builtin_evaluators().at(config.evaluator).needs_engine;
  row["reserved_bytes"] = has_engine ? run::engine().reserved_bytes() : 0;
  return row;
}

std::string states_text(const Json& row) {
  std::string text =
      std::to_string(row["pruned"].get<std::int64_t>() + row["failed"].get<std::int64_t>());
  std::string reasons;
  for (const auto& [reason, count] : row["reasons"].items()) {
    reasons += (reasons.empty() ? " (" : ", ") + count.dump() + " " + reason;
  }
  return text + (reasons.empty() ? "" : reasons + ")");
}

std::string table_of(const Json& rows) {
  Table table{{"configuration", "device", "workers", "trials", "complete", "ended early", "seconds",
               "candidates/h", "seconds each", "reserved", "results"},
              {}};
  for (const Json& row : rows) {
    table.rows.push_back({row["name"], row["device"], row["workers"].dump(), row["trials"].dump(),
                          row["complete"].dump(), states_text(row),
                          format_significant(row["seconds"].get<double>(), 4),
                          format_significant(row["candidates_per_hour"].get<double>(), 4),
                          format_significant(row["trial_seconds"].get<double>(), 3),
                          format_bytes(row["reserved_bytes"].get<double>()),
                          row["results_hash"].get<std::string>().substr(0, 8)});
  }
  return to_text(table);
}

/// Where a measurement's study lies; several that are kept lie side by side.
std::string study_folder(const BenchSearchOptions& options, const ScratchFolder& scratch,
                         const std::string& name, std::int64_t workers, bool is_one_of_several) {
  if (options.study.empty()) return scratch.path() + "/study";
  if (!is_one_of_several) return options.study;
  const std::string number = workers > 0 ? std::to_string(workers) : "auto";
  return options.study + "/" + name + "-workers-" + number;
}

/// Trains candidates, so that what a process does once is done.
run::RunEnd warm_up(const Bench& bench, const ScratchFolder& scratch, std::int64_t workers) {
  if (bench.warm_up.config.budget.trials == 0) return run::RunEnd::kFinished;
  store::Study study = store::Study::create(scratch.path() + "/warm-up",
                                            study_header(bench.warm_up, *bench.evaluator));
  try {
    return timed_run(bench.warm_up, *bench.evaluator, study, workers).end;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFailures && error.kind() != ErrorKind::kInfeasible) throw;
    return run::RunEnd::kFinished;  // they did their work
  }
}

}  // namespace

int bench_search(const BenchSearchOptions& options) {
  std::vector<std::int64_t> all_workers = options.workers;
  if (all_workers.empty()) all_workers.push_back(0);
  const bool are_several = options.configs.size() * all_workers.size() > 1;
  Json rows = Json::array();
  for (const std::string& path : options.configs) {
    const Bench bench = make_bench(options, path);
    for (const std::int64_t workers : all_workers) {
      const ScratchFolder scratch;
      if (warm_up(bench, scratch, workers) == run::RunEnd::kInterrupted) {
        return interrupt_exit_code();
      }
      const std::string folder =
          study_folder(options, scratch, bench.plan.config.name, workers, are_several);
      const store::StudyHeader header = study_header(bench.plan, *bench.evaluator);
      store::Study study = store::Study::create(folder, header);
      write_file_atomically(folder + "/config.resolved.json", header.config->dump(2) + "\n");
      const TimedRun run = timed_run(bench.plan, *bench.evaluator, study, workers);
      if (run.end == run::RunEnd::kInterrupted) {
        return options.study.empty() ? interrupt_exit_code() : exit_code_of(run.end, folder);
      }
      rows.push_back(row_of(bench, study, run));
    }
  }
  std::cout << (options.format == "json" ? rows.dump(2) + "\n" : table_of(rows));
  return 0;
}

}  // namespace nas::cli
