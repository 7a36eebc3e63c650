#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "nas/space/trial.hpp"
#include "nas/store/study.hpp"

namespace nas::store::testing {

/// Two layers with a choice of names, a choice of integers, a range and an evolving mixer.
[[nodiscard]] const space::Space& example_space();

[[nodiscard]] StudyHeader example_header();

/// Candidate of trial `number`: a pure function of the number.
[[nodiscard]] space::Candidate example_candidate(std::int64_t number);

/// A COMPLETE outcome of trial `number` with intermediate values and scores.
[[nodiscard]] space::Outcome example_outcome(std::int64_t number);

using Intermediate = std::vector<std::pair<std::int64_t, double>>;

/// An outcome without scores.
[[nodiscard]] space::Outcome make_outcome(space::TrialState state, const std::string& reason = "",
                                          double value = std::numeric_limits<double>::quiet_NaN(),
                                          const Intermediate& intermediate = {});

/// Everything that the calls of a study give back, as text; reals by their bits. Without the
/// counts of attempts when `with_attempts` is false.
[[nodiscard]] std::string describe(const Study& study, bool with_attempts = true);
[[nodiscard]] std::string describe(const space::Trial& trial);

/// Makes one call on a study.
using Perform = std::function<void(const std::function<void()>&)>;

/// Works on a study as a search does, from whatever it holds to its end: every kind of call, each
/// through `perform`.
void run_example(Study& study, const Perform& perform);

}  // namespace nas::store::testing
