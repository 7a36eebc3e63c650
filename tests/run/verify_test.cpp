#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <set>

#include "small_study.hpp"
#include "support/required.hpp"

namespace nas::run {
namespace {

using testing::small_config;
using testing::TemporaryFolder;

Comparison initial_of(const Verification& verification) {
  return test::required(verification.initial, "comparison with the initial program");
}

/// Stores a COMPLETE trial: the initial sample with another option of its first choice.
void add_trial(store::Study& study, const Plan& plan, std::int64_t number, double value) {
  space::Candidate candidate;
  candidate.sample = plan.space->initial();
  candidate.sample.choices[0] = static_cast<std::uint16_t>(2 * (1 - number));
  candidate.architecture = plan.space->architecture(candidate.sample);
  candidate.hash = hash_of(candidate.architecture);
  study.begin_trial(number, candidate, *plan.space, Json::object());
  space::Outcome outcome;
  outcome.state = space::TrialState::kComplete;
  outcome.value = value;
  study.finish_trial(number, outcome, {}, Json::object());
}

/// A study with one COMPLETE trial, so that verification has a winner.
store::Study study_with_winner(const Plan& plan, const Evaluator& evaluator,
                               const std::string& folder) {
  store::Study study = store::Study::create(folder, study_header(plan, evaluator));
  add_trial(study, plan, 0, 1);
  return study;
}

/// Stores repeats; NaN: the training failed.
void record(store::Study& study, const std::string& role, const std::string& hash,
            const std::vector<double>& values) {
  std::uint32_t repeat = 0;
  for (const double value : values) {
    space::Outcome outcome;
    const bool failed = std::isnan(value);
    outcome.state = failed ? space::TrialState::kFail : space::TrialState::kComplete;
    outcome.reason = failed ? "nan" : "";
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
  return test::required(verification_of(study), "verification");
}

TEST(Verification, SummarisesRolesWithIntervals) {
  const Verification result = verified({1, 2, 3}, {3, 5, 7});
  EXPECT_EQ(result.metric, "val_bpb");
  ASSERT_EQ(result.roles.size(), 2U);
  EXPECT_EQ(result.roles[0].role, "winner");
  EXPECT_EQ(result.roles[0].trial, 0);
  EXPECT_DOUBLE_EQ(result.roles[0].mean, 2);
  // t(0.975) with two degrees of freedom is 4.3027.
  EXPECT_NEAR(result.roles[0].high, 2 + 4.3027 / std::sqrt(3.0), 1e-4);
  EXPECT_GT(result.roles[0].best_probability, 0.85);
  EXPECT_NEAR(result.roles[0].best_probability + result.roles[1].best_probability, 1, 1e-9);
  EXPECT_DOUBLE_EQ(initial_of(result).difference, 3.0);
  EXPECT_EQ(initial_of(result).verdict, "no better than the initial program");
  EXPECT_FALSE(result.random);
}

TEST(Verification, ClearDifferenceIsBetterAndTheReverseIsNot) {
  const auto verdict = [](const std::vector<double>& winner, const std::vector<double>& initial) {
    return initial_of(verified(winner, initial)).verdict;
  };
  EXPECT_EQ(verdict({1.0, 1.1, 0.9}, {3, 3.1, 2.9}), "better than the initial program");
  EXPECT_EQ(verdict({3, 3.1, 2.9}, {1.0, 1.1, 0.9}), "no better than the initial program");
  EXPECT_EQ(verdict({1, 1, 1}, {1, 1, 1}), "no better than the initial program");
}

TEST(Verification, OneRepeatGivesNoVerdictOfBetterAndNoProbability) {
  const Verification result = verified({1}, {3});
  EXPECT_EQ(initial_of(result).verdict, "no better than the initial program");
  EXPECT_TRUE(std::isnan(initial_of(result).low));
  EXPECT_TRUE(std::isnan(result.roles[0].best_probability));
}

TEST(Verification, OneThatFailsMoreOftenIsNotBetter) {
  const double failed = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(initial_of(verified({1, 1.1, failed}, {5, 5.1, 4.9})).verdict,
            "no better than the initial program: 1 of its 3 trainings failed");
  EXPECT_EQ(initial_of(verified({1, 1.1, failed}, {5, 5.1, failed})).verdict,
            "better than the initial program");
}

TEST(Verification, TheBestMeanOfTheTrialsTrainedAgainWins) {
  const TemporaryFolder folder;
  const Plan plan = make_plan(small_config(1, 2), JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(plan.config);
  store::Study study = study_with_winner(plan, *evaluator, folder.path() + "/study");
  add_trial(study, plan, 1, 1.5);
  EXPECT_EQ(winner_of(study), 0);
  const std::vector<space::Trial> trials = study.trials();
  record(study, "winner", trials[0].candidate.hash.hex(), {3, 3.1, 2.9});
  EXPECT_EQ(winner_of(study), 0);
  record(study, "top2", trials[1].candidate.hash.hex(), {2, 2.1, 1.9});
  record(study, "initial", std::string(32, 'a'), {2.5, 2.6, 2.4});
  const Verification result = test::required(verification_of(study), "verification");
  EXPECT_EQ(result.winner, 1);
  EXPECT_EQ(winner_of(study), 1);
  EXPECT_NEAR(initial_of(result).difference, 0.5, 1e-9);
  EXPECT_EQ(initial_of(result).choices, 2);
  EXPECT_EQ(initial_of(result).verdict, "better than the initial program");
}

TEST(Verification, NobodyIsBestBeforeEveryTrainingIsThere) {
  const TemporaryFolder folder;
  const config::RunConfig config = small_config(1, 1);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(config);
  store::Study study = study_with_winner(plan, *evaluator, folder.path() + "/study");
  const std::string winner = study.trials()[0].candidate.hash.hex();
  const std::string initial(32, 'a');
  study.set_attribute(
      "verification_plan",
      {{"repeats", {{"first", 1}, {"count", 3}}},
       {"contenders",
        {{{"role", "winner"}, {"hash", winner}}, {{"role", "initial"}, {"hash", initial}}}}});
  record(study, "winner", winner, {1, 1.1, 0.9});
  record(study, "initial", initial, {3, 3.1});
  const Verification unfinished = test::required(verification_of(study), "verification");
  EXPECT_EQ(unfinished.planned, 6);
  EXPECT_EQ(unfinished.missing, 1);
  EXPECT_FALSE(unfinished.initial);
  EXPECT_TRUE(std::isnan(unfinished.roles[0].best_probability));
  EXPECT_DOUBLE_EQ(unfinished.roles[0].mean, 1);
  space::Outcome last;
  last.state = space::TrialState::kComplete;
  last.value = 2.9;
  study.record_repeat({"initial", initial, 3, last});
  const Verification finished = test::required(verification_of(study), "verification");
  EXPECT_EQ(finished.missing, 0);
  EXPECT_EQ(initial_of(finished).verdict, "better than the initial program");
  EXPECT_FALSE(std::isnan(finished.roles[0].best_probability));
}

config::RunConfig with_verify(config::RunConfig config, std::int64_t top, std::int64_t repeats,
                              bool random) {
  config.verify = {top, repeats, random};
  return config;
}

TEST(Verification, RunsTheBestBesideTheInitialProgramAndRandomSearch) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/study";
  const config::RunConfig config = with_verify(small_config(2, 20), 2, 3, true);
  ASSERT_EQ(testing::run_to_end(config, path, 2), RunEnd::kFinished);
  const store::Study study = store::Study::open(path, store::Study::Access::kRead);
  const store::Study random = store::Study::open(path + "/random", store::Study::Access::kRead);
  const std::vector<space::Trial> tried = random.trials();
  EXPECT_EQ(tried.size(), 20U);
  for (const space::Trial& trial : tried) EXPECT_EQ(trial.candidate.origin, "random");
  EXPECT_EQ(random.header().config->at("training"), study.header().config->at("training"));
  const Verification result = test::required(verification_of(study), "verification");
  std::vector<std::string> names;
  for (const VerifiedRole& role : result.roles) {
    names.push_back(role.role);
    EXPECT_EQ(role.values.size(), 3U);
  }
  EXPECT_EQ(result.planned, 12);
  EXPECT_EQ(result.missing, 0);
  EXPECT_EQ(names, (std::vector<std::string>{"winner", "top2", "initial", "random"}));
  EXPECT_EQ(result.roles[3].trial, best_trial(tried, {{"val_bpb", false}})->number);
  EXPECT_DOUBLE_EQ(test::required(result.random, "comparison").difference,
                   result.roles[3].mean - result.roles[0].mean);
}

TEST(Verification, IsTheSameWhenAskedForLater) {
  const TemporaryFolder folder;
  const config::RunConfig at_once = with_verify(small_config(2, 12), 2, 2, true);
  ASSERT_EQ(testing::run_to_end(at_once, folder.path() + "/a", 2), RunEnd::kFinished);
  const std::string later = folder.path() + "/b";
  ASSERT_EQ(testing::run_to_end(with_verify(at_once, 1, 1, false), later, 1), RunEnd::kFinished);
  ASSERT_EQ(testing::run_to_end(at_once, later, 1), RunEnd::kFinished);
  EXPECT_EQ(testing::fingerprint(folder.path() + "/a"), testing::fingerprint(later));
}

TEST(Verification, MoreTrialsGiveRandomSearchAsMany) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/study";
  config::RunConfig config = with_verify(small_config(1, 8), 1, 2, true);
  ASSERT_EQ(testing::run_to_end(config, path, 1), RunEnd::kFinished);
  config.budget.trials = 14;
  ASSERT_EQ(testing::run_to_end(config, path, 1), RunEnd::kFinished);
  EXPECT_EQ(store::Study::open(path + "/random", store::Study::Access::kRead).trials().size(), 14U);
}

/// The synthetic evaluator, but what random search draws fails.
class FailsOutside final : public Evaluator {
 public:
  FailsOutside(std::shared_ptr<const Evaluator> inner, std::set<std::string> known)
      : inner_(std::move(inner)), known_(std::move(known)) {}
  std::optional<EvaluationResult> evaluate(const EvaluationRequest& request) const override {
    if (known_.contains(hash_of(*request.architecture).hex())) return inner_->evaluate(request);
    EvaluationResult result;
    result.outcome.reason = "oom";
    return result;
  }
  std::optional<space::Score> measure_latency(const space::Architecture&) const override {
    return std::nullopt;
  }
  std::int64_t checkpoint_step(const std::string& folder) const override {
    return inner_->checkpoint_step(folder);
  }
  Json environment() const override { return inner_->environment(); }
  std::int64_t total_steps(const space::Architecture& architecture) const override {
    return inner_->total_steps(architecture);
  }

 private:
  std::shared_ptr<const Evaluator> inner_;
  std::set<std::string> known_;
};

TEST(Verification, OfARandomSearchThatFailsStillJudgesTheWinner) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/study";
  const config::RunConfig config = with_verify(small_config(1, 20), 1, 2, false);
  ASSERT_EQ(testing::run_to_end(config, path, 1), RunEnd::kFinished);
  store::Study study = store::Study::open(path, store::Study::Access::kWrite);
  const std::vector<space::Trial> trials = study.trials();
  const Plan plan = make_plan(with_verify(config, 1, 2, true), JsonPositions("small"));
  const std::set<std::string> known{best_trial(trials, plan.objectives)->candidate.hash.hex(),
                                    hash_of(plan.space->architecture(plan.space->initial())).hex()};
  const FailsOutside evaluator(builtin_evaluators().at("synthetic").make(config), known);
  ASSERT_EQ(run_verification(plan, evaluator, study, {}), RunEnd::kFinished);
  EXPECT_TRUE(study.attribute("random_search").at("winner").is_null());
  EXPECT_NE(study.attribute("random_search").at("reason").get<std::string>().find("oom"),
            std::string::npos);
  const Verification result = test::required(verification_of(study), "verification");
  EXPECT_TRUE(result.initial);
  EXPECT_FALSE(result.random);
}

}  // namespace
}  // namespace nas::run
