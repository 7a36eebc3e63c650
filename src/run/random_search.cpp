#include "random_search.hpp"

#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"

namespace nas::run {
namespace {

std::string random_folder(const store::Study& study) { return study.folder() + "/random"; }

config::RunConfig random_config(const config::RunConfig& config, std::int64_t trials) {
  constexpr std::size_t kLongestName = 90;
  config::RunConfig random = config;
  random.name = config.name.substr(0, kLongestName) + "-random";
  random.search.name = "random";
  random.search.options = Json::object();
  random.search.enqueue = Json::array();
  random.budget.trials = trials;
  random.verify = {};
  random.verify.top = 0;
  return random;
}

/// Shows the trials of the random search as a phase of the study's own run.
class PhaseObserver final : public Observer {
 public:
  PhaseObserver(Observer* outer, std::int64_t trials, std::int64_t done)
      : outer_(outer), trials_(trials), done_(done) {
    tell();
  }
  void on_finish(const space::Trial&) override {
    ++done_;
    tell();
  }

 private:
  void tell() {
    if (outer_ != nullptr) outer_->on_phase("random search", trials_, done_);
  }

  Observer* outer_;
  std::int64_t trials_;
  std::int64_t done_;
};

/// Runs the loop; its failure is a result of the random search, not of the study.
RunEnd run_loop(const Plan& plan, const Evaluator& evaluator, store::Study& random,
                const RunOptions& options, std::string& reason) {
  std::int64_t done = 0;
  for (const space::Trial& trial : random.trials()) done += is_finished(trial.outcome.state);
  PhaseObserver observer(options.observer, plan.config.budget.trials, done);
  RunOptions inner = options;
  inner.observer = &observer;
  try {
    return SearchLoop(plan, evaluator, random, inner).run();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kFailures && error.kind() != ErrorKind::kInfeasible) throw;
    reason = error.what();
    log_warning("the random search ended early: " + reason);
    return RunEnd::kFinished;
  }
}

}  // namespace

RunEnd run_random_search(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                         const RunOptions& options) {
  std::int64_t trials = 0;
  for (const space::Trial& trial : study.trials()) trials += is_finished(trial.outcome.state);
  const Json ended = study.attribute(kRandomSearch);
  if (ended.is_object() && ended.at("trials") == trials) return RunEnd::kFinished;
  const Plan random_plan =
      make_plan(random_config(plan.config, trials), JsonPositions("random search"));
  const std::string folder = random_folder(study);
  store::Study random = store::Study::exists(folder)
                            ? store::Study::open(folder, store::Study::Access::kWrite)
                            : store::Study::create(folder, study_header(random_plan, evaluator));
  if (*random.header().config != to_json(random_plan.config)) {
    random.replace_config(to_json(random_plan.config));
  }
  std::string reason;
  const RunEnd end = run_loop(random_plan, evaluator, random, options, reason);
  if (end != RunEnd::kFinished) return end;
  random.set_attribute("finished", trials);
  const std::vector<space::Trial> found = random.trials();
  const space::Trial* winner = best_trial(found, random_plan.objectives);
  if (winner == nullptr && reason.empty()) reason = "no trial was completed";
  Json record{{"trials", trials}, {"winner", nullptr}, {"reason", reason}};
  if (winner != nullptr) {
    record["winner"] = {{"trial", winner->number}, {"hash", winner->candidate.hash.hex()}};
  }
  study.set_attribute(kRandomSearch, record);
  return RunEnd::kFinished;
}

std::optional<space::Trial> random_winner(const store::Study& study) {
  const Json ended = study.attribute(kRandomSearch);
  if (!ended.is_object() || ended.at("winner").is_null()) return std::nullopt;
  const auto number = ended.at("winner").at("trial").get<std::size_t>();
  const store::Study random = store::Study::open(random_folder(study), store::Study::Access::kRead);
  return random.trials().at(number);
}

}  // namespace nas::run
