#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

using space::TrialState;

TEST(Outcomes, GroupByReasonMostFrequentFirst) {
  StudyFacts facts = testing::example_facts();
  testing::add_trial(facts, 2.0);
  testing::add_ended(facts, TrialState::kFail, "nan", "loss is NaN at step 3");
  for (int i = 0; i < 7; ++i) {
    testing::add_ended(facts, TrialState::kPruned, "hurdle", "bar " + std::to_string(i));
  }
  testing::add_ended(facts, TrialState::kPruned, "hurdle", "bar 0");
  facts.redrawn = {{"duplicate", 3}};
  const Json json = outcomes(facts);
  ASSERT_EQ(json.at("rows").size(), 2U);
  EXPECT_EQ(json.at("rows").at(0).at("reason"), "hurdle");
  EXPECT_EQ(json.at("rows").at(0).at("trials"), 8);
  EXPECT_EQ(json.at("rows").at(0).at("examples").size(), 5U);
  EXPECT_EQ(json.at("rows").at(1).at("examples").at(0),
            Json::parse(R"({"trial": 1, "detail": "loss is NaN at step 3"})"));
  EXPECT_EQ(json.at("redrawn").at("duplicate"), 3);
}

TEST(Summary, CountsStatesAndNamesTheBest) {
  StudyFacts facts = testing::example_facts();
  for (const double value : {3.0, 2.0, 2.0}) testing::add_trial(facts, value);
  testing::add_ended(facts, TrialState::kFail, "oom");
  testing::add_trial(facts, 1.0).candidate.duplicate_of = 3;
  const Json json = summary(facts);
  EXPECT_EQ(json.at("best"), 1);  // the first of equals; a duplicate is no result of its own
  EXPECT_EQ(json.at("value"), 2.0);
  EXPECT_EQ(json.at("states").at("COMPLETE"), 4);
  EXPECT_EQ(json.at("seconds"), 50.0);
  EXPECT_EQ(json.at("objectives").at(0).at("metric"), "val_bpb");
}

TEST(Verification, AddsStudentsIntervalToEachRole) {
  StudyFacts facts = testing::example_facts();
  EXPECT_TRUE(verification(facts).is_null());
  facts.verification = Json::parse(
      R"({"roles": [{"role": "winner", "trial": 4, "values": [1.0, 2.0, 3.0], "failed": 0},
                    {"role": "initial", "trial": null, "values": [5.0], "failed": 2}],
          "verdict": "better"})");
  const Json json = verification(facts);
  // t(0.975, 2) = 4.30265; deviation 1, three values.
  EXPECT_NEAR(json.at("roles").at(0).at("low").get<double>(), 2 - 4.30265 / std::sqrt(3), 1e-5);
  EXPECT_NEAR(json.at("roles").at(0).at("high").get<double>(), 2 + 4.30265 / std::sqrt(3), 1e-5);
  EXPECT_TRUE(json.at("roles").at(1).at("low").is_null());
  EXPECT_EQ(json.at("verdict"), "better");
}

}  // namespace
}  // namespace nas::report
