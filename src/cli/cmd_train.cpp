#include <unistd.h>

#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/run/long_training.hpp"
#include "nas/run/statistics.hpp"
#include "progress_line.hpp"

namespace nas::cli {
namespace {

struct TrainOptions {
  std::string study;
  std::int64_t trial = -1;
  std::string architecture;
  std::string config;
  std::int64_t seeds = 3;
  std::int64_t steps = 0;
  std::vector<std::string> overrides;
  std::string device;
  std::string output;
};

/// What to change in a configuration, in order.
std::vector<std::string> all_overrides(const TrainOptions& options, bool has_budget) {
  std::vector<std::string> overrides;
  if (options.steps > 0) {
    if (has_budget) overrides.emplace_back("~training.budget");
    overrides.push_back("training.steps=" + std::to_string(options.steps));
  }
  overrides.insert(overrides.end(), options.overrides.begin(), options.overrides.end());
  if (!options.device.empty()) overrides.push_back("device=\"" + options.device + "\"");
  return overrides;
}

config::RunConfig changed(Json json, JsonPositions positions, const TrainOptions& options) {
  const bool has_budget = json.contains("training") && json["training"].is_object() &&
                          json["training"].contains("budget");
  for (const std::string& text : all_overrides(options, has_budget)) {
    config::apply_override(json, positions, text);
  }
  return config::config_from_json(json, positions);
}

/// The configuration of --config, else the study's, else the defaults.
config::RunConfig wanted_config(const TrainOptions& options, const store::Study* study) {
  if (!options.config.empty()) {
    const std::string file = find_config(options.config);
    prepare_for_stream(file);
    return changed(to_json(config::read_config(file, {})), JsonPositions(file), options);
  }
  if (study != nullptr) {
    return changed(study->header().config, JsonPositions(study->folder()), options);
  }
  return changed(Json{{"space", Json::object()}}, JsonPositions("the defaults"), options);
}

run::LongTraining::Options wanted_training(const TrainOptions& options) {
  if (options.study.empty() == options.architecture.empty()) {
    throw Error(ErrorKind::kUsage, "name a study, or --arch FILE");
  }
  run::LongTraining::Options wanted;
  wanted.seeds = options.seeds;
  wanted.folder = options.output;
  if (!options.architecture.empty()) {
    if (options.trial >= 0) throw Error(ErrorKind::kUsage, "--trial is of a study, not of --arch");
    prepare_for_stream(options.architecture);
    wanted.config = wanted_config(options, nullptr);
    wanted.architecture = space::read_architecture(options.architecture);
    return wanted;
  }
  const store::Study study = store::Study::open(options.study, store::Study::Access::kRead);
  wanted.config = wanted_config(options, &study);
  if (options.trial < 0) {
    wanted.architecture = require_best(study).candidate.architecture;
    return wanted;
  }
  const std::vector<space::Trial> trials = study.trials();
  if (options.trial >= static_cast<std::int64_t>(trials.size())) {
    throw Error(ErrorKind::kUsage, "there is no trial " + std::to_string(options.trial) +
                                       "; the study has " + std::to_string(trials.size()));
  }
  wanted.architecture = trials[static_cast<std::size_t>(options.trial)].candidate.architecture;
  return wanted;
}

/// Progress of one seed after the other.
class SeedProgress {
 public:
  SeedProgress(std::int64_t seeds, std::string metric)
      : seeds_(seeds), metric_(std::move(metric)), line_(isatty(STDERR_FILENO) != 0) {}

  run::LongTraining::Hooks hooks() {
    run::LongTraining::Hooks hooks;
    hooks.on_begin = [this](const run::SeedResult& begun, std::int64_t total_steps) {
      begin(begun.repeat, total_steps);
    };
    hooks.on_step = [this](std::int64_t step) {
      if (first_step_ < 0) first_step_ = step - 1;
      step_ = step;
      line_.show([this] { return text(); });
    };
    hooks.on_value = [this](std::int64_t, double value) { value_ = value; };
    hooks.on_finish = [this](const run::SeedResult& result) { finish(result); };
    return hooks;
  }

 private:
  void begin(std::uint32_t repeat, std::int64_t total_steps) {
    repeat_ = repeat;
    total_steps_ = total_steps;
    first_step_ = -1;
    step_ = 0;
    value_.reset();
    start_ = std::chrono::steady_clock::now();
    line_.show([this] { return text(); }, true);
  }

  void finish(const run::SeedResult& result) const {
    const space::Outcome& outcome = result.outcome;
    std::string line = "seed " + std::to_string(result.repeat) + ": ";
    if (outcome.state == space::TrialState::kComplete) {
      line += metric_ + " " + format_significant(outcome.value, 6);
    } else {
      line += std::string(to_text(outcome.state)) + " " + outcome.reason + ", " + outcome.detail;
    }
    log_info(line + " (" + format_seconds(outcome.seconds) + ")");
  }

  [[nodiscard]] std::string text() const {
    const double share = static_cast<double>(step_) / static_cast<double>(total_steps_);
    std::string text = "seed " + std::to_string(repeat_) + "/" + std::to_string(seeds_) + " " +
                       progress_bar(share) + " step " + std::to_string(step_) + "/" +
                       std::to_string(total_steps_);
    if (value_) text += "  " + metric_ + " " + format_significant(*value_, 5);
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
    if (step_ > first_step_ && first_step_ >= 0 && elapsed.count() > 1) {
      const double a_step = elapsed.count() / static_cast<double>(step_ - first_step_);
      text += "  ETA " + format_seconds(a_step * static_cast<double>(total_steps_ - step_));
    }
    return text;
  }

  std::int64_t seeds_;
  std::string metric_;
  ProgressLine line_;
  std::uint32_t repeat_ = 0;
  std::int64_t total_steps_ = 1;
  std::int64_t first_step_ = -1;  ///< before the first step of this process
  std::int64_t step_ = 0;
  std::optional<double> value_;
  std::chrono::steady_clock::time_point start_;
};

/// What to say at the end, and the exit code.
int summary(const run::LongTraining& training, const std::string& metric,
            const std::string& folder) {
  std::vector<double> values;
  std::int64_t failed = 0;
  for (const run::SeedResult& result : training.results()) {
    const bool is_complete = result.outcome.state == space::TrialState::kComplete;
    if (is_complete) values.push_back(result.outcome.value);
    failed += !is_complete;
  }
  if (values.empty()) {
    throw Error(ErrorKind::kFailures, "no seed was trained to its end, the last because of " +
                                          training.results().back().outcome.reason + ": " +
                                          training.results().back().outcome.detail);
  }
  const run::SampleSummary found = run::summarise(values);
  std::cout << "trained   " << found.count << " seeds in " << folder;
  if (failed > 0) std::cout << ", " << failed << " more failed";
  std::cout << "\n"
            << metric << std::string(metric.size() < 9 ? 10 - metric.size() : 1, ' ')
            << format_significant(found.mean, 6);
  if (found.count > 1) {
    std::cout << " +- " << format_significant(found.deviation, 2) << ", 95 % interval ["
              << format_significant(found.low, 6) << ", " << format_significant(found.high, 6)
              << "]";
  }
  std::cout << "\nmetrics   " << folder << "/metrics.json\n";
  return 0;
}

int train(const TrainOptions& options) {
  run::LongTraining::Options wanted = wanted_training(options);
  wanted.config = on_one_device(wanted.config);
  const std::string metric = run::LongTraining::kMetric;
  const config::RunConfig config = wanted.config;
  prepare_engine(config.evaluator);
  run::LongTraining training(std::move(wanted));
  if (training.is_finished()) {
    log_info(options.output + " is finished; more with --seeds");
    return summary(training, metric, options.output);
  }
  open_log_file(options.output + "/nas.log");
  const auto evaluator = make_evaluator(config);
  bool is_done = false;
  {
    SeedProgress progress(options.seeds, metric);
    is_done = training.run(*evaluator, progress.hooks());
  }
  if (is_done) return summary(training, metric, options.output);
  log_info("stopped; the same command goes on");
  return interrupt_exit_code();
}

}  // namespace

void add_train(CLI::App& program, Action& action) {
  auto options = std::make_shared<TrainOptions>();
  Verb verb(program, "train", "train one architecture for longer, with several seeds");
  verb.option("study", options->study, "folder of a study, whose configuration counts");
  verb.option("--trial", options->trial, "number of its trial [the best]").range(0, kAnyNumber);
  verb.option("--arch", options->architecture, "or an architecture file");
  verb.option("--config", options->config,
              "configuration: a path or a shipped one [the study's, else the defaults]");
  verb.option("--seeds", options->seeds,
              "trainings, with seeds that no search and no verification uses [3]")
      .range(1, 1000);
  verb.option("--steps", options->steps, "of each, in place of the configuration's")
      .range(1, 1'000'000'000);
  verb.option("--set", options->overrides,
              "override: training.x=y, +a.b=v (new key), ~a.b (delete); may be repeated")
      .one_value_each();
  verb.option("--device", options->device, "auto, cpu, cuda or cuda:N");
  verb.option("--output", options->output, "folder of the training").required();
  verb.footer(
      "The same command goes on with a training that was stopped or killed, from its checkpoint\n"
      "(training.checkpoint_every), with the same bits; more --seeds add to a finished one.");
  verb.callback([options, &action] { action = [options] { return train(*options); }; });
}

}  // namespace nas::cli
