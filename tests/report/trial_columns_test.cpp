#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

TEST(TrialColumns, HaveARowForEachTrialAndNullForWhatItLacks) {
  StudyFacts facts = testing::example_facts();
  space::Trial& first = testing::add_trial(facts, 2.5);
  first.outcome.intermediate = {{10, 4.0}, {20, std::numeric_limits<double>::quiet_NaN()}};
  first.outcome.scores = {testing::score_of("params", 1000)};
  space::Trial& second = testing::add_ended(facts, space::TrialState::kFail, "oom");
  second.candidate.parents = {0, 0};
  second.candidate.changes = {{space::MutationKind::kField, "layer.program"}};
  space::Score latency = testing::score_of("latency_us[b1]", 12.5, "us");
  latency.spread = 0.5;
  second.outcome.scores = {latency};
  const Json json = trial_columns(facts);
  for (const auto& [name, column] : json.items()) {
    if (name == "scores") continue;
    EXPECT_EQ(column.size(), 2U) << name;
  }
  EXPECT_EQ(json.at("values"), Json::parse("[[2.5], [null]]"));
  EXPECT_EQ(json.at("last"), Json::parse("[null, null]"));  // NaN is null
  EXPECT_EQ(json.at("last_step"), Json::parse("[20, null]"));
  EXPECT_EQ(json.at("parents"), Json::parse(R"(["", "0 0"])"));
  EXPECT_EQ(json.at("change"), Json::parse(R"(["initial", "field in layer.program"])"));
  EXPECT_EQ(json.at("scores").at("params").at("values"), Json::parse("[1000.0, null]"));
  EXPECT_FALSE(json.at("scores").at("params").contains("spreads"));
  EXPECT_EQ(json.at("scores").at("latency_us[b1]").at("values"), Json::parse("[null, 12.5]"));
  EXPECT_EQ(json.at("scores").at("latency_us[b1]").at("spreads"), Json::parse("[null, 0.5]"));
}

}  // namespace
}  // namespace nas::report
