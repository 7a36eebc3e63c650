#include "report/values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "example_facts.hpp"

namespace nas::report {
namespace {

TEST(NumberJson, HasNoNanAndNoInfinity) {
  EXPECT_EQ(number_json(1.5), 1.5);
  EXPECT_TRUE(number_json(std::numeric_limits<double>::quiet_NaN()).is_null());
  EXPECT_TRUE(number_json(-std::numeric_limits<double>::infinity()).is_null());
}

TEST(Quantile, InterpolatesBetweenNeighbours) {
  std::vector<double> values = {4, 1, 3, 2};
  EXPECT_EQ(quantile_of(values, 0), 1);
  EXPECT_EQ(quantile_of(values, 0.5), 2.5);
  EXPECT_EQ(quantile_of(values, 1), 4);
  values.clear();
  EXPECT_TRUE(std::isnan(quantile_of(values, 0.5)));
}

TEST(ObjectiveValue, IsTheTrialsOrItsScores) {
  StudyFacts facts = testing::example_facts();
  facts.objectives.push_back({"latency_us", false});
  space::Trial& trial = testing::add_trial(facts, 2.0);
  trial.outcome.scores = {testing::score_of("latency_us[b1,s64]", 40)};
  EXPECT_EQ(objective_value(facts, trial, 0), 2.0);
  EXPECT_EQ(objective_value(facts, trial, 1), 40);
  trial.outcome.further_values = {41};
  EXPECT_EQ(objective_value(facts, trial, 1), 41);
  trial.outcome.state = space::TrialState::kPruned;
  EXPECT_TRUE(std::isnan(objective_value(facts, trial, 0)));
}

}  // namespace
}  // namespace nas::report
