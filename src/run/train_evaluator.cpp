#include "evaluators.hpp"
#include "nas/run/engine.hpp"

namespace nas::run {

EvaluatorFactory train_evaluator_factory() {
  EvaluatorFactory factory;
  factory.help = "short training on the corpus, scored in validation bits per byte";
  factory.needs_engine = true;
  factory.make = [](const config::RunConfig& config) {
    return engine().make_train_evaluator(config);
  };
  return factory;
}

}  // namespace nas::run
