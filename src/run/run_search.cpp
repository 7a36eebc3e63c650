#include <nlohmann/json.hpp>

#include "loop.hpp"
#include "nas/core/error.hpp"
#include "nas/run/search_run.hpp"

namespace nas::run {

RunEnd run_search(const Plan& plan, const Evaluator& evaluator, store::Study& study,
                  const RunOptions& options) {
  SearchLoop loop(plan, evaluator, study, options);
  if (const RunEnd end = loop.run(); end != RunEnd::kFinished) return end;
  if (best_trial(study.trials(), plan.maximize) == nullptr) {
    throw Error(ErrorKind::kFailures,
                "no trial was completed: every candidate was pruned or failed. See `nas trials`");
  }
  if (!run_verification(plan, evaluator, study, options)) return RunEnd::kInterrupted;
  study.set_attribute("finished", plan.config.budget.trials);
  return RunEnd::kFinished;
}

}  // namespace nas::run
