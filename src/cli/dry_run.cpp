#include "dry_run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/machine_memory.hpp"
#include "nas/core/units.hpp"
#include "nas/run/engine.hpp"
#include "nas/search/training_steps.hpp"

namespace nas::cli {
namespace {

constexpr std::int64_t kSamples = 200;  ///< drawn to see what the constraints leave
constexpr std::int64_t kTimed = 3;      ///< of them, trained for a few steps
constexpr std::int64_t kTimedSteps = 10;

/// What uniform samples of the space look like.
struct Survey {
  std::vector<space::Architecture> feasible;
  std::map<std::string, std::int64_t> refused;  ///< metric -> samples
  std::map<std::string, double> nearest;        ///< metric -> value nearest to its bound
  double largest_peak_bytes = 0;
};

double value_of(const space::Scores& scores, const std::string& name) {
  for (const space::Score& score : scores) {
    if (score.name == name) return score.value;
  }
  return std::nan("");
}

Survey survey(const run::Plan& plan) {
  Survey result;
  for (std::int64_t i = 0; i < kSamples; ++i) {
    const space::Sample sample = i == 0 ? plan.space->initial()
                                        : plan.space->sample({plan.config.seed, Purpose::kSampling,
                                                              static_cast<std::uint64_t>(i), 0});
    space::Architecture architecture = plan.space->architecture(sample);
    const space::Scores scores = run::analytic_scores(plan.config, architecture);
    const std::string reason = plan.feasible(architecture);
    if (reason.empty()) {
      result.largest_peak_bytes =
          std::max(result.largest_peak_bytes, value_of(scores, "peak_bytes"));
      result.feasible.push_back(std::move(architecture));
      continue;
    }
    const std::string metric = reason.substr(0, reason.find(' '));
    const double value = value_of(scores, metric);
    const bool above = reason.find('>') != std::string::npos;
    auto [known, is_new] = result.nearest.try_emplace(metric, value);
    known->second = above ? std::min(known->second, value) : std::max(known->second, value);
    ++result.refused[metric];
  }
  return result;
}

/// Seconds of one whole training, from a few steps of a few feasible samples.
double training_seconds(const run::Plan& plan, const Survey& survey) {
  const config::TrainingConfig& training = plan.config.training;
  if (const std::optional<double> seconds = training.budget.seconds) return *seconds;
  config::RunConfig config = plan.config;
  config.training.steps = std::min(fixed_steps(training).value_or(kTimedSteps), kTimedSteps);
  config.training.budget = {};
  config.training.eval_every = 0;
  config.profile.latency = false;
  const auto evaluator = make_evaluator(config);
  std::vector<double> seconds;
  for (const space::Architecture& architecture : survey.feasible) {
    if (static_cast<std::int64_t>(seconds.size()) == kTimed) break;
    run::EvaluationRequest request;
    request.architecture = &architecture;
    request.on_value = [](std::int64_t, double) {};
    request.on_step = [](std::int64_t) {};
    request.should_stop = [] { return false; };
    const auto start = std::chrono::steady_clock::now();
    static_cast<void>(evaluator->evaluate(request));
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    const double share = static_cast<double>(search::training_steps(training, architecture)) /
                         static_cast<double>(config.training.steps);
    seconds.push_back(taken.count() * share);
  }
  std::sort(seconds.begin(), seconds.end());
  return seconds[seconds.size() / 2];
}

/// Of the device, whoever uses it; of the first of several, which are of one model.
double memory_bytes(const config::RunConfig& config) {
  const std::string device = config::device_names(config.device).front();
  // Without the engine nothing is trained, and asking it for devices would begin the run again.
  const bool has_engine = run::builtin_evaluators().at(config.evaluator).needs_engine;
  const std::vector<run::Gpu> gpus =
      device == "cpu" || !has_engine ? std::vector<run::Gpu>() : run::engine().gpus();
  const std::size_t colon = device.find(':');
  const std::size_t index = colon == std::string::npos ? 0 : std::stoul(device.substr(colon + 1));
  if (index < gpus.size()) return static_cast<double>(gpus[index].total_bytes);
  return machine_memory_bytes();
}

std::string length_text(const config::TrainingConfig& training) {
  if (const auto steps = fixed_steps(training)) return std::to_string(*steps) + " steps";
  if (training.budget.flops) return format_count(*training.budget.flops) + " training FLOPs";
  return "a budget by the clock";
}

[[noreturn]] void throw_infeasible(const Survey& survey) {
  std::string message =
      "none of " + std::to_string(kSamples) + " samples of the space satisfies the constraints:";
  for (const auto& [metric, count] : survey.refused) {
    message += " " + metric + " refuses " + std::to_string(count) + ", the nearest value met is " +
               format_significant(survey.nearest.at(metric), 6) + ";";
  }
  message.pop_back();
  throw Error(ErrorKind::kInfeasible, message);
}

void print_space(const space::Space& space) {
  const space::Space::Size size = space.size();
  std::cout << "space        " << space.choices().size() << " choices with "
            << (size.exact ? "" : "at most ") << format_count(size.finite) << " combinations";
  if (size.has_programs) {
    std::cout << ", " << space.slots().size() << " evolving programs (unbounded)";
  }
  std::cout << "\n";
}

}  // namespace

int dry_run(const run::Plan& plan) {
  const config::RunConfig& config = plan.config;
  prepare_engine(config.evaluator);
  print_space(*plan.space);
  const Survey found = survey(plan);
  std::cout << "constraints  " << found.feasible.size() << " of " << kSamples
            << " samples satisfy all of " << config.constraints.size() << "\n";
  for (const auto& [metric, count] : found.refused) {
    std::cout << "             " << metric << " refuses " << count << "; nearest value "
              << format_significant(found.nearest.at(metric), 6) << "\n";
  }
  for (const config::ConstraintConfig& constraint : config.constraints) {
    if (run::is_analytic(constraint.metric)) continue;
    std::cout << "             " << constraint.metric
              << " is measured in the search: no sample was held to it\n";
  }
  if (found.feasible.empty()) throw_infeasible(found);
  std::cout << "memory       a training step needs at most "
            << format_bytes(found.largest_peak_bytes) << " among them (bound), times "
            << config.search.parallelism << " at a time\n";
  const double there = memory_bytes(config);
  if (found.largest_peak_bytes > there) {
    std::cout << "             more than the " << format_bytes(there)
              << " that are there: such a trial may end as FAIL \"oom\", or by the system's hand. "
                 "Nothing was "
                 "timed\n";
    return 0;
  }
  const double one = training_seconds(plan, found);
  const std::int64_t needed = plan.searcher->trials_needed().value_or(config.budget.trials);
  const std::int64_t trials = std::min(config.budget.trials, needed);
  const bool has_random = config.verify.top > 0 && config.verify.random_search;
  const std::int64_t roles = config.verify.top > 0 ? config.verify.top + (has_random ? 2 : 1) : 0;
  const auto verified = static_cast<double>(roles * config.verify.repeats);
  const double trainings =
      static_cast<double>((has_random ? 2 : 1) * trials * config.repeat.seeds) + verified;
  std::cout << "training     about " << format_seconds(one) << " for "
            << length_text(config.training) << " of " << config.training.batch_size << " x "
            << config.training.seq_len << " tokens\n"
            << "time         at most about " << format_seconds(one * trainings)
            << " of one worker for " << trials << " trials"
            << (config.repeat.seeds > 1 ? " of " + std::to_string(config.repeat.seeds) + " seeds"
                                        : "")
            << (has_random ? ", as many of random search" : "") << " and " << verified
            << " verifying trainings; hurdles and several workers make it shorter\n";
  return 0;
}

}  // namespace nas::cli
