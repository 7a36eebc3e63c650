#include <nlohmann/json.hpp>

#include "report/importance.hpp"
#include "report/sections.hpp"

namespace nas::report {

Json study_report(const StudyFacts& facts, const Drawing& drawing) {
  return {{"study", summary(facts)},
          {"winner", winner(facts, drawing)},
          {"verification", verification(facts)},
          {"history", history(facts)},
          {"curves", learning_curves(facts)},
          {"hurdles", hurdles(facts)},
          {"costs", costs(facts)},
          {"lineage", lineage(facts)},
          {"parameters", parameter_importance(facts)},
          {"operators", operator_importance(facts)},
          {"outcomes", outcomes(facts)},
          {"trials", trial_columns(facts)},
          {"config", *facts.config},
          {"environment", *facts.environment},
          {"breaks", facts.breaks}};
}

}  // namespace nas::report
