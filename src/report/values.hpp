#pragma once

#include <span>
#include <string>
#include <vector>

#include "nas/core/json.hpp"
#include "nas/report/report.hpp"

/// What several parts of a report read off trials.
namespace nas::report {

/// NaN and infinities, which JSON has not, as null.
[[nodiscard]] Json number_json(double value);

/// An objective's value of a COMPLETE trial: the first is the trial's value, another is the score
/// of its name. NaN when there is none.
[[nodiscard]] double objective_value(const StudyFacts& facts, const space::Trial& trial,
                                     std::size_t objective);

/// The score of that name, or of that name with a bracketed protocol; null when there is none.
[[nodiscard]] const space::Score* find_score(const space::Scores& scores,
                                             const std::string& metric);

/// COMPLETE trials with a value that were evaluated themselves, in order of number. A duplicate
/// repeats its original's value and would count it twice.
[[nodiscard]] std::vector<const space::Trial*> evaluated_trials(const StudyFacts& facts);

/// The winner that verification found, else the best of the evaluated trials by the first
/// objective, the first of equals; null for none.
[[nodiscard]] const space::Trial* winner_of(const StudyFacts& facts);

/// "field in layer.program, choice in inner_dim", or the candidate's origin when it has no changes.
[[nodiscard]] std::string change_text(const space::Candidate& candidate);

/// Mean; NaN for none.
[[nodiscard]] double mean_of(std::span<const double> values);

/// The value below which `share` of the values lie, interpolated between neighbours; sorts them.
/// NaN for none.
[[nodiscard]] double quantile_of(std::vector<double>& values, double share);

/// Half of the 95 % interval of a mean by Student's t; NaN for fewer than two values.
[[nodiscard]] double mean_half_width(std::span<const double> values);

}  // namespace nas::report
