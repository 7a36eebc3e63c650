#include "evaluators.hpp"

namespace nas::run {

const Registry<EvaluatorFactory>& builtin_evaluators() {
  static const Registry<EvaluatorFactory> table = [] {
    Registry<EvaluatorFactory> made("evaluator");
    made.add("train", train_evaluator_factory());
    made.add("synthetic", synthetic_evaluator_factory());
    made.add("analytic", analytic_evaluator_factory());
    return made;
  }();
  return table;
}

}  // namespace nas::run
