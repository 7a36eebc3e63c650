#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "nas/report/report.hpp"

namespace nas::report::testing {

/// A space with an evolving layer, a size and a named choice: "inner_dim" 32, 64, 128; "heads" 2,
/// 4.
[[nodiscard]] std::shared_ptr<const space::Space> example_space();

/// Facts of a study of val_bpb in that space without trials.
[[nodiscard]] StudyFacts example_facts();

/// The space's initial sample as the next trial of `facts`, COMPLETE with this value.
space::Trial& add_trial(StudyFacts& facts, double value);

/// The next trial, ended by a state other than COMPLETE.
space::Trial& add_ended(StudyFacts& facts, space::TrialState state, const std::string& reason,
                        const std::string& detail = "");

/// Gives a trial another sample, with architecture and hash.
void set_sample(const StudyFacts& facts, space::Trial& trial, const space::Sample& sample);

/// A score without spread.
[[nodiscard]] space::Score score_of(const std::string& name, double value,
                                    const std::string& unit = "");

}  // namespace nas::report::testing
