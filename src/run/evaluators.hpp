#pragma once

#include "nas/run/evaluator.hpp"

namespace nas::run {

EvaluatorFactory train_evaluator_factory();
EvaluatorFactory synthetic_evaluator_factory();

}  // namespace nas::run
