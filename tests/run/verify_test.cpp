#include <gtest/gtest.h>

#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::header_of;
using testing::small_config;
using testing::TemporaryFolder;

/// A study with one COMPLETE trial, so that verification has a winner.
store::Study study_with_winner(const Plan& plan, const Evaluator& evaluator,
                               const std::string& folder) {
  store::Study study = store::Study::create(folder, header_of(plan, evaluator));
  space::Candidate candidate;
  candidate.sample = plan.space->initial();
  candidate.sample.choices[0] = 2;
  candidate.architecture = plan.space->architecture(candidate.sample);
  candidate.hash = hash_of(candidate.architecture);
  study.begin_trial(0, candidate, *plan.space, Json::object());
  space::Outcome outcome;
  outcome.state = space::TrialState::kComplete;
  outcome.value = 1;
  study.finish_trial(0, outcome, {}, Json::object());
  return study;
}

void record(store::Study& study, const std::string& role, const std::string& hash,
            const std::vector<double>& values) {
  std::uint32_t repeat = 0;
  for (const double value : values) {
    space::Outcome outcome;
    outcome.state = space::TrialState::kComplete;
    outcome.value = value;
    study.record_repeat({role, hash, ++repeat, outcome});
  }
}

Verification verified(const std::vector<double>& winner, const std::vector<double>& initial) {
  const TemporaryFolder folder;
  const config::RunConfig config = small_config(1, 1);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(config);
  store::Study study = study_with_winner(plan, *evaluator, folder.path() + "/study");
  record(study, "winner", study.trials()[0].candidate.hash.hex(), winner);
  record(study, "initial", std::string(32, 'a'), initial);
  return *verification_of(study);
}

TEST(Verification, WelchIntervalOfAKnownExample) {
  // Means 2 and 5, sample variances 1 and 4, n = 3: error sqrt(5/3), freedom (5/3)^2 /
  // ((1/3)^2/2 + (4/3)^2/2) = 2.9412; t(0.975, 2.9412) = 3.2203 (R: qt(0.975, 2.941176)).
  const Verification result = verified({1, 2, 3}, {3, 5, 7});
  EXPECT_DOUBLE_EQ(result.difference, 3.0);
  EXPECT_NEAR((result.high - result.low) / 2, 3.2203 * std::sqrt(5.0 / 3.0), 2e-3);
  EXPECT_EQ(result.verdict, "no better than the initial program");
}

TEST(Verification, ClearDifferenceIsBetterAndTheReverseIsNot) {
  EXPECT_EQ(verified({1.0, 1.1, 0.9}, {3, 3.1, 2.9}).verdict, "better than the initial program");
  EXPECT_EQ(verified({3, 3.1, 2.9}, {1.0, 1.1, 0.9}).verdict, "no better than the initial program");
  EXPECT_EQ(verified({1, 1, 1}, {1, 1, 1}).verdict, "no better than the initial program");
}

TEST(Verification, OneRepeatGivesNoVerdictOfBetter) {
  EXPECT_EQ(verified({1}, {3}).verdict, "no better than the initial program");
}

}  // namespace
}  // namespace nas::run
