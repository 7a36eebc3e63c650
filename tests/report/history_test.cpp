#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

using space::TrialState;

TEST(History, KeepsEveryImprovementAndTheEnd) {
  StudyFacts facts = testing::example_facts();
  testing::add_ended(facts, TrialState::kFail, "nan");
  for (const double value : {3.0, 3.5, 2.5, 2.5}) testing::add_trial(facts, value);
  EXPECT_EQ(history(facts).at("best"),
            Json::parse("[[1, 3.0, 20.0], [3, 2.5, 40.0], [4, 2.5, 50.0]]"));
}

TEST(History, GoesUpWhenTheObjectiveIsMaximised) {
  StudyFacts facts = testing::example_facts();
  facts.objectives[0].maximize = true;
  for (const double value : {1.0, 0.5, 2.0}) testing::add_trial(facts, value);
  EXPECT_EQ(history(facts).at("best"), Json::parse("[[0, 1.0, 10.0], [2, 2.0, 30.0]]"));
}

TEST(History, OfNothingIsEmpty) {
  EXPECT_EQ(history(testing::example_facts()).at("best"), Json::array());
}

TEST(LearningCurves, EndWithTheFinalValueAtTheLastStep) {
  StudyFacts facts = testing::example_facts();
  testing::add_trial(facts, 2.0).outcome.intermediate = {{10, 4.0}, {50, 3.0}};
  testing::add_ended(facts, TrialState::kPruned, "hurdle").outcome.intermediate = {{10, 5.0}};
  testing::add_trial(facts, 9.0);  // no intermediate values: nothing to draw
  const Json curves = learning_curves(facts);
  ASSERT_EQ(curves.size(), 2U);
  EXPECT_EQ(curves.at(0).at("points"), Json::parse("[[10, 4.0], [50, 3.0], [100, 2.0]]"));
  EXPECT_EQ(curves.at(1).at("points"), Json::parse("[[10, 5.0]]"));
}

TEST(LearningCurves, OfManyTrialsKeepTheWinnerAndABoundedNumber) {
  StudyFacts facts = testing::example_facts();
  for (int i = 0; i < 1000; ++i) {
    testing::add_trial(facts, i == 777 ? 0.0 : 1.0 + i % 7).outcome.intermediate = {{10, 4.0}};
  }
  const Json curves = learning_curves(facts);
  EXPECT_LE(curves.size(), 150U);
  EXPECT_GE(curves.size(), 100U);
  bool has_winner = false;
  for (const Json& curve : curves) has_winner |= curve.at("trial") == 777;
  EXPECT_TRUE(has_winner);
}

TEST(Hurdles, CountWhoReachedPassedAndEndedThere) {
  StudyFacts facts = testing::example_facts();
  facts.hurdles = 2;
  const auto meet = [](space::Trial& trial,
                       const std::vector<std::pair<std::int64_t, double>>& values) {
    trial.outcome.intermediate = values;
    for (const auto& [step, value] : values) trial.outcome.hurdles.push_back(step);
  };
  meet(testing::add_trial(facts, 2.0), {{10, 4.0}, {50, 3.0}});
  meet(testing::add_ended(facts, TrialState::kPruned, "hurdle"), {{12, 6.0}});
  meet(testing::add_ended(facts, TrialState::kPruned, "hurdle"), {{10, 4.5}, {50, 5.0}});
  meet(testing::add_ended(facts, TrialState::kFail, "nan"), {{9, 4.2}});
  meet(testing::add_trial(facts, 2.0), {{10, 4.0}, {50, 3.0}});
  facts.trials.back().candidate.duplicate_of = 0;
  const Json rows = hurdles(facts);
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows.at(0).at("first_step"), 9);
  EXPECT_EQ(rows.at(0).at("last_step"), 12);
  EXPECT_EQ(rows.at(0).at("reached"), 4);
  EXPECT_EQ(rows.at(0).at("pruned"), 1);
  EXPECT_EQ(rows.at(0).at("passed"), 3);
  EXPECT_DOUBLE_EQ(rows.at(0).at("median").get<double>(), 4.35);
  EXPECT_EQ(rows.at(1).at("reached"), 2);
  EXPECT_EQ(rows.at(1).at("pruned"), 1);
}

}  // namespace
}  // namespace nas::report
