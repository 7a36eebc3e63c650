#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/run/search_run.hpp"
#include "nas/run/verification.hpp"

namespace nas::run {

RunEnd run_search(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                  const RunOptions& options) {
  SearchLoop loop(plan, evaluator, study, options);
  if (const RunEnd end = loop.run(); end != RunEnd::kFinished) return end;
  const std::vector<space::Trial> trials = study.trials();
  if (best_trial(trials, plan.objectives) == nullptr) {
    throw Error(ErrorKind::kFailures,
                "no trial was completed: every candidate was pruned or failed. See `nas trials`");
  }
  if (static_cast<std::int64_t>(trials.size()) < plan.config.budget.trials) {
    log_info("all there is to search was tried in " + std::to_string(trials.size()) + " trials");
  }
  const RunEnd end = run_verification(plan, evaluator, study, options);
  if (end == RunEnd::kFinished) study.set_attribute("finished", plan.config.budget.trials);
  return end;
}

}  // namespace nas::run
