#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/run/search_run.hpp"

namespace nas::run {
namespace {

using space::Trial;

struct VerifyJob {
  std::string role;
  std::uint32_t repeat = 0;
  space::Architecture architecture;
  std::string hash;
};

/// The best COMPLETE trials with distinct hashes.
std::vector<const Trial*> top_trials(const std::vector<Trial>& trials, std::int64_t count,
                                     bool maximize) {
  std::vector<const Trial*> complete;
  for (const Trial& trial : trials) {
    if (trial.outcome.state == space::TrialState::kComplete && !trial.candidate.duplicate_of) {
      complete.push_back(&trial);
    }
  }
  std::stable_sort(complete.begin(), complete.end(), [&](const Trial* a, const Trial* b) {
    return search::better(*a, *b, maximize);
  });
  if (static_cast<std::int64_t>(complete.size()) > count) {
    complete.resize(static_cast<std::size_t>(count));
  }
  return complete;
}

std::string role_of(std::size_t rank) {
  return rank == 0 ? "winner" : "top" + std::to_string(rank + 1);
}

std::vector<VerifyJob> missing_jobs(const Plan& plan, const store::Study& study) {
  std::set<std::pair<std::string, std::uint32_t>> done;
  for (const store::RepeatRun& run : study.repeats()) {
    done.insert({run.role + "/" + run.hash, run.repeat});
  }
  std::vector<VerifyJob> jobs;
  const auto add = [&](const std::string& role, const space::Architecture& architecture) {
    const std::string hash = hash_of(architecture).hex();
    for (std::int64_t repeat = 1; repeat <= plan.config.verify.repeats; ++repeat) {
      if (!done.contains({role + "/" + hash, static_cast<std::uint32_t>(repeat)})) {
        jobs.push_back({role, static_cast<std::uint32_t>(repeat), architecture, hash});
      }
    }
  };
  const std::vector<Trial> trials = study.trials();
  const auto top = top_trials(trials, plan.config.verify.top, plan.maximize);
  for (std::size_t rank = 0; rank < top.size(); ++rank) {
    add(role_of(rank), top[rank]->candidate.architecture);
  }
  if (!top.empty()) add("initial", plan.space->architecture(plan.space->initial()));
  return jobs;
}

/// Runs one job; false when interrupted.
bool run_job(const VerifyJob& job, const Evaluator& evaluator, store::Study& study) {
  EvaluationRequest request;
  request.architecture = &job.architecture;
  request.repeat = job.repeat;
  request.folder = study.folder() + "/verify/" + job.role + "-" + job.hash.substr(0, 8) + "-" +
                   std::to_string(job.repeat);
  request.on_value = [](std::int64_t, double) {};
  request.on_step = [](std::int64_t) {};
  request.should_stop = [] { return interrupted(); };
  make_folders(request.folder);
  const std::optional<EvaluationResult> result = evaluator.evaluate(request);
  if (!result) return false;
  study.record_repeat({job.role, job.hash, job.repeat, result->outcome});
  return true;
}

VerifiedRole summarise(const std::string& role, const std::vector<store::RepeatRun>& runs,
                       const std::string& hash) {
  VerifiedRole summary;
  summary.role = role;
  summary.hash = hash;
  for (const store::RepeatRun& run : runs) {
    if (run.role != role || run.hash != hash) continue;
    if (run.outcome.state == space::TrialState::kComplete) {
      summary.values.push_back(run.outcome.value);
    } else {
      ++summary.failed;
    }
  }
  const auto count = static_cast<double>(summary.values.size());
  for (const double value : summary.values) summary.mean += value / count;
  double squares = 0;
  for (const double value : summary.values) squares += std::pow(value - summary.mean, 2);
  if (summary.values.size() > 1) summary.deviation = std::sqrt(squares / (count - 1));
  return summary;
}

/// Welch's interval of the difference of two means.
void judge(Verification& verification, const VerifiedRole& winner, const VerifiedRole& initial,
           bool maximize) {
  const auto part = [](const VerifiedRole& role) {
    return role.deviation * role.deviation / static_cast<double>(role.values.size());
  };
  const double sign = maximize ? -1 : 1;
  verification.difference = sign * (initial.mean - winner.mean);
  verification.verdict = "no better than the initial program";
  if (winner.values.size() < 2 || initial.values.size() < 2) {
    verification.low = verification.high = std::numeric_limits<double>::quiet_NaN();
    return;
  }
  const double a = part(winner);
  const double b = part(initial);
  const double error = std::sqrt(a + b);
  const double freedom =
      error > 0 ? std::pow(a + b, 2) / (a * a / static_cast<double>(winner.values.size() - 1) +
                                        b * b / static_cast<double>(initial.values.size() - 1))
                : 1.0;
  const double half =
      error > 0 ? boost::math::quantile(boost::math::students_t(freedom), 0.975) * error : 0.0;
  verification.low = verification.difference - half;
  verification.high = verification.difference + half;
  if (verification.low > 0) verification.verdict = "better than the initial program";
}

}  // namespace

const Trial* best_trial(const std::vector<Trial>& trials, bool maximize) {
  const auto top = top_trials(trials, 1, maximize);
  return top.empty() ? nullptr : top.front();
}

bool run_verification(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                      const RunOptions& options) {
  if (plan.config.verify.top <= 0) return true;
  const std::vector<VerifyJob> jobs = missing_jobs(plan, study);
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
        if (!run_job(jobs[mine], evaluator, study)) return;
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
  for (std::int64_t i = 0; i < worker_count(plan, options); ++i) workers.emplace_back(work);
  for (std::thread& worker : workers) worker.join();
  if (failure) std::rethrow_exception(failure);
  return !interrupted();
}

std::optional<Verification> verification_of(const store::Study& study) {
  const std::vector<store::RepeatRun> runs = study.repeats();
  if (runs.empty()) return std::nullopt;
  const bool maximize = study.header().maximize;
  const std::vector<Trial> trials = study.trials();
  Verification verification;
  const VerifiedRole* winner = nullptr;
  const VerifiedRole* initial = nullptr;
  const auto top = top_trials(trials, static_cast<std::int64_t>(trials.size()), maximize);
  for (std::size_t rank = 0; rank < top.size(); ++rank) {
    VerifiedRole role = summarise(role_of(rank), runs, top[rank]->candidate.hash.hex());
    if (role.values.empty() && role.failed == 0) break;
    role.trial = top[rank]->number;
    verification.roles.push_back(std::move(role));
  }
  for (const store::RepeatRun& run : runs) {
    if (run.role != "initial") continue;
    verification.roles.push_back(summarise("initial", runs, run.hash));
    break;
  }
  for (const VerifiedRole& role : verification.roles) {
    if (role.role == "winner") winner = &role;
    if (role.role == "initial") initial = &role;
  }
  if (winner && initial && !winner->values.empty() && !initial->values.empty()) {
    judge(verification, *winner, *initial, maximize);
  }
  return verification;
}

}  // namespace nas::run
