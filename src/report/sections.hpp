#pragma once

#include "nas/core/json.hpp"
#include "nas/report/report.hpp"

/// The parts of a report's document, each computed from the facts alone.
namespace nas::report {

/// All trials by columns: {"number": [...], "state": [...], ..., "scores": {name: {"unit",
/// "protocol", "values", "spreads"}}}. Small, and quick to read for thousands of trials.
[[nodiscard]] Json trial_columns(const StudyFacts& facts);

/// {"best": [[trial, value, seconds of evaluation until then]]}: each evaluated trial that was
/// better than all before it, then the last trial with the value that still stands.
[[nodiscard]] Json history(const StudyFacts& facts);

/// [{"trial", "state", "points": [[step, value]]}] with the final value at the last step of the
/// budget where the configuration says it. Of many trials the winner, the best ones and an even
/// selection of the others.
[[nodiscard]] Json learning_curves(const StudyFacts& facts);

/// [{"hurdle", "first_step", "last_step", "reached", "pruned", "passed", "median"}] over trials
/// that trained themselves.
[[nodiscard]] Json hurdles(const StudyFacts& facts);

/// [{"state", "reason", "trials", "examples": [{"trial", "detail"}]}], most frequent first, for
/// states that are not COMPLETE; and {"redrawn": {reason: count}}.
[[nodiscard]] Json outcomes(const StudyFacts& facts);

/// The winner's line of first parents, oldest first: [{"trial", "state", "value", "paid", "change",
/// "parents", "differences": [{"where", "before", "after"} or {"where", "lines": [[mark,
/// text]]}]}]. paid: by how much the objective is better than the parent's, null when one has none.
[[nodiscard]] Json lineage(const StudyFacts& facts);

/// [{"metric", "unit", "front": [trial numbers]}] for each cost that varies: trials that no other
/// beats in both cost and first objective, cheapest first.
[[nodiscard]] Json costs(const StudyFacts& facts);

/// The figures, text and drawing of the winner; null when no trial was evaluated.
[[nodiscard]] Json winner(const StudyFacts& facts, const Drawing& drawing);

/// The verification with a 95 % interval ("low", "high") for the mean of each role; null for none.
[[nodiscard]] Json verification(const StudyFacts& facts);

/// Name, objectives, counts of states, time spent, best value.
[[nodiscard]] Json summary(const StudyFacts& facts);

}  // namespace nas::report
