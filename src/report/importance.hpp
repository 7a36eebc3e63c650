#pragma once

#include "nas/core/json.hpp"
#include "nas/report/report.hpp"

namespace nas::report {

/// Which finite choices the objective depends on (regression_forest.hpp), over evaluated trials:
/// {"trials", "items": [{"name", "share", "low", "high", "options": [{"option", "trials", "mean",
/// "half_width"}]}], "missing": why there are no items}. Largest share first; low and high are the
/// 2.5 and 97.5 percentiles over the trees.
[[nodiscard]] Json parameter_importance(const StudyFacts& facts);

/// How the objective goes with each primitive, over evaluated trials: {"trials", "items": [{"name",
/// "with", "without", "effect", "low", "high", "slope", "slope_low", "slope_high"}], "missing"}.
/// effect: mean objective of trials whose canonical programs have the primitive minus that of the
/// others; slope: least-squares change of the objective for one more node of it in a layer. Both
/// null where they are not defined. Intervals: 95 % percentile bootstrap over trials (Efron and
/// Tibshirani 1993, 13.3) with keyed draws. Largest size of effect first. Trials of one lineage are
/// not independent and primitives come together, so this says what goes with what, not why.
[[nodiscard]] Json operator_importance(const StudyFacts& facts);

}  // namespace nas::report
