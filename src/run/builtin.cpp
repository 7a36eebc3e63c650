#include "evaluators.hpp"

namespace nas::run {

Registry<EvaluatorFactory> builtin_evaluators() {
  Registry<EvaluatorFactory> table("evaluator");
  table.add("train", train_evaluator_factory());
  table.add("synthetic", synthetic_evaluator_factory());
  table.add("analytic", analytic_evaluator_factory());
  return table;
}

}  // namespace nas::run
