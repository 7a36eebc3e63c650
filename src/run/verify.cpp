#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "loop.hpp"
#include "metrics.hpp"
#include "nas/core/crash_point.hpp"
#include "nas/core/files.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/core/log.hpp"
#include "nas/run/verification.hpp"
#include "nas/space/outcome_json.hpp"
#include "random_search.hpp"
#include "scores.hpp"
#include "verified_roles.hpp"

namespace nas::run {
namespace {

using space::Trial;

/// Latency of the initial program when no trial has it: measured once.
constexpr const char* kInitialLatency = "initial_latency";

/// An architecture to train again and the scores that its objectives need besides.
struct Contender {
  std::string role;
  space::Architecture architecture;
  std::string hash;
  space::Scores scores;
};

struct VerifyJob {
  const Contender* contender = nullptr;
  std::uint32_t repeat = 0;
};

bool needs_latency(const config::RunConfig& config) {
  for (const config::ObjectiveConfig& objective : config.objectives) {
    if (metric_kind(objective.metric) == MetricKind::kMeasured) return true;
  }
  return false;
}

/// The measured scores of a trial.
space::Scores measured_scores(const Trial& trial) {
  space::Scores scores;
  for (const space::Score& score : trial.outcome.scores) {
    const std::string name = score.name.substr(0, score.name.find('['));
    if (metric_kind(name) == MetricKind::kMeasured) scores.push_back(score);
  }
  return scores;
}

/// Those of the initial program: of a trial that is it, else measured now and kept.
space::Scores initial_scores(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                             const std::vector<Trial>& trials, const Contender& initial) {
  if (!needs_latency(plan.config)) return {};
  for (const Trial& trial : trials) {
    if (trial.candidate.hash.hex() != initial.hash) continue;
    if (space::Scores scores = measured_scores(trial); !scores.empty()) return scores;
  }
  if (const Json stored = study.attribute(kInitialLatency); !stored.is_null()) {
    return {space::score_from_json(stored)};
  }
  const auto latency = evaluator.measure_latency(initial.architecture);
  if (!latency) return {};
  study.set_attribute(kInitialLatency, space::score_to_json(*latency));
  return {*latency};
}

Contender contender_of(const std::string& role, const Trial& trial) {
  return {role, trial.candidate.architecture, trial.candidate.hash.hex(), measured_scores(trial)};
}

/// Whom verification trains: the best trials, the initial program, the random search's winner.
std::vector<Contender> contenders(const Plan& plan, const Evaluator& evaluator,
                                  store::Study& study) {
  const std::vector<Trial> trials = study.trials();
  const std::vector<const Trial*> ranked = ranked_trials(trials, plan.objectives);
  std::vector<Contender> all;
  const auto top = static_cast<std::size_t>(plan.config.verify.top);
  for (std::size_t rank = 0; rank < ranked.size() && rank < top; ++rank) {
    all.push_back(contender_of(role_of(rank), *ranked[rank]));
  }
  if (all.empty()) return all;
  Contender initial;
  initial.role = kInitialRole;
  initial.architecture = plan.space->architecture(plan.space->initial());
  initial.hash = hash_of(initial.architecture).hex();
  initial.scores = initial_scores(plan, evaluator, study, trials, initial);
  all.push_back(std::move(initial));
  if (plan.config.verify.random_search) {
    if (const auto winner = random_winner(study)) {
      all.push_back(contender_of(kRandomRole, *winner));
    }
  }
  for (Contender& contender : all) {
    const space::Scores counted = analytic_scores(plan.config, contender.architecture);
    contender.scores.insert(contender.scores.end(), counted.begin(), counted.end());
  }
  return all;
}

std::vector<VerifyJob> missing_jobs(const Plan& plan, const store::Study& study,
                                    const std::vector<Contender>& contenders) {
  std::set<std::string> done;
  const auto key = [](const std::string& role, const std::string& hash, std::uint32_t repeat) {
    return role + "/" + hash + "/" + std::to_string(repeat);
  };
  for (const store::RepeatRun& run : study.repeats()) {
    done.insert(key(run.role, run.hash, run.repeat));
  }
  std::vector<VerifyJob> jobs;
  for (const Contender& contender : contenders) {
    for (std::int64_t i = 0; i < plan.config.verify.repeats; ++i) {
      // Seeds that the search has not used.
      const auto repeat = static_cast<std::uint32_t>(plan.config.repeat.seeds + i);
      if (!done.contains(key(contender.role, contender.hash, repeat))) {
        jobs.push_back({&contender, repeat});
      }
    }
  }
  return jobs;
}

/// Keeps what is asked for, so that a look at the study knows an unfinished verification.
void record_plan(const Plan& plan, const std::vector<Contender>& contenders, store::Study& study) {
  Json asked = Json::array();
  for (const Contender& contender : contenders) {
    asked.push_back({{"role", contender.role}, {"hash", contender.hash}});
  }
  const Json verification = {
      {"repeats", {{"first", plan.config.repeat.seeds}, {"count", plan.config.verify.repeats}}},
      {"contenders", std::move(asked)}};
  if (study.attribute(kVerificationPlan) != verification) {
    study.set_attribute(kVerificationPlan, verification);
  }
}

/// The same training under another role, as when the winner is the initial program.
std::optional<space::Outcome> same_training(const store::Study& study, const VerifyJob& job) {
  for (const store::RepeatRun& run : study.repeats()) {
    if (run.hash == job.contender->hash && run.repeat == job.repeat) return run.outcome;
  }
  return std::nullopt;
}

/// Runs one job; false when interrupted.
bool run_job(const VerifyJob& job, const Plan& plan, const Evaluator& evaluator,
             store::Study& study) {
  crash_point("verify");
  const Contender& contender = *job.contender;
  if (const auto outcome = same_training(study, job)) {
    study.record_repeat({contender.role, contender.hash, job.repeat, *outcome});
    return true;
  }
  EvaluationRequest request;
  request.architecture = &contender.architecture;
  request.repeat = job.repeat;
  request.folder = study.folder() + "/verify/" + contender.role + "-" +
                   contender.hash.substr(0, 8) + "-" + std::to_string(job.repeat);
  request.on_value = [](std::int64_t, double) {};
  request.on_step = [](std::int64_t) {};
  request.should_stop = [] { return interrupted(); };
  make_folders(request.folder);
  std::optional<EvaluationResult> result = evaluator.evaluate(request);
  if (!result) return false;
  space::Scores scores = result->outcome.scores;
  scores.insert(scores.end(), contender.scores.begin(), contender.scores.end());
  apply_objectives(plan.config, scores, result->outcome);
  study.record_repeat({contender.role, contender.hash, job.repeat, result->outcome});
  evaluator.remove_checkpoint(request.folder);
  return true;
}

/// Runs the jobs in as many threads as the search has workers. False when interrupted.
bool run_jobs(const std::vector<VerifyJob>& jobs, const Plan& plan, const Evaluator& evaluator,
              store::Study& study, const RunOptions& options) {
  std::mutex mutex;
  std::size_t next = 0;
  std::int64_t done = 0;
  std::exception_ptr failure;
  const auto total = static_cast<std::int64_t>(jobs.size());
  if (options.observer) options.observer->on_phase("verify", total, 0);
  const auto work = [&] {
    try {
      for (;;) {
        std::size_t mine = 0;
        {
          const std::scoped_lock lock(mutex);
          if (next >= jobs.size() || failure || interrupted()) return;
          mine = next++;
        }
        if (!run_job(jobs[mine], plan, evaluator, study)) return;
        const std::scoped_lock lock(mutex);
        ++done;
        if (options.observer) options.observer->on_phase("verify", total, done);
      }
    } catch (...) {
      const std::scoped_lock lock(mutex);
      failure = std::current_exception();
    }
  };
  std::vector<std::thread> workers;
  const std::int64_t count = worker_count(plan, evaluator, options);
  for (std::int64_t i = 0; i < count; ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
  return !interrupted();
}

}  // namespace

RunEnd run_verification(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                        const RunOptions& options) {
  if (plan.config.verify.top <= 0) return RunEnd::kFinished;
  if (!trained_value(plan.config)) {
    log_info("no objective is trained, so there is nothing to verify with fresh seeds");
    return RunEnd::kFinished;
  }
  if (plan.config.verify.random_search) {
    const RunEnd end = run_random_search(plan, evaluator, study, options);
    if (end != RunEnd::kFinished) return end;
  }
  const std::vector<Contender> all = contenders(plan, evaluator, study);
  record_plan(plan, all, study);
  const bool is_whole = run_jobs(missing_jobs(plan, study, all), plan, evaluator, study, options);
  return is_whole ? RunEnd::kFinished : RunEnd::kInterrupted;
}

}  // namespace nas::run
