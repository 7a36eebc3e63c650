#pragma once

#include "nas/run/evaluator.hpp"

namespace nas::run {

EvaluatorFactory analytic_evaluator_factory();
EvaluatorFactory train_evaluator_factory();
EvaluatorFactory synthetic_evaluator_factory();

}  // namespace nas::run
