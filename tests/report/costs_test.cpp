#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

void add(StudyFacts& facts, double value, double params, double latency) {
  testing::add_trial(facts, value).outcome.scores = {
      testing::score_of("params", params), testing::score_of("latency_us[b1,s64]", latency, "us"),
      testing::score_of("val_bpb", value, "bits/byte")};
}

const Json& cost_named(const Json& json, const std::string& name) {
  for (const Json& cost : json) {
    if (cost.at("metric") == name) return cost;
  }
  throw std::runtime_error("no cost " + name);
}

TEST(Costs, FrontHoldsTrialsThatNoOtherBeatsInBoth) {
  StudyFacts facts = testing::example_facts();
  add(facts, 3.0, 100, 7);
  add(facts, 2.0, 200, 7);
  add(facts, 2.5, 200, 7);  // as dear as trial 1 and worse
  add(facts, 2.2, 300, 7);  // dearer and worse
  add(facts, 1.0, 400, 7);
  add(facts, 3.0, 100, 7);  // equal to trial 0: the first stands for both
  testing::add_ended(facts, space::TrialState::kPruned, "hurdle").outcome.scores = {
      testing::score_of("params", 1)};
  const Json json = costs(facts);
  ASSERT_EQ(json.size(), 1U) << "a latency that never varies is no cost to look at";
  EXPECT_EQ(json.at(0).at("metric"), "params");
  EXPECT_EQ(json.at(0).at("front"), Json::parse("[0, 1, 4]"));
}

TEST(Costs, FollowTheDirectionOfTheObjective) {
  StudyFacts facts = testing::example_facts();
  facts.objectives[0].maximize = true;
  add(facts, 3.0, 100, 5);
  add(facts, 2.0, 200, 4);
  add(facts, 4.0, 300, 6);
  const Json json = costs(facts);
  EXPECT_EQ(cost_named(json, "params").at("front"), Json::parse("[0, 2]"));
  EXPECT_EQ(cost_named(json, "latency_us[b1,s64]").at("front"), Json::parse("[1, 0, 2]"));
  EXPECT_EQ(cost_named(json, "latency_us[b1,s64]").at("unit"), "us");
}

TEST(Costs, AFurtherObjectiveIsACostOfItsOwnDirection) {
  StudyFacts facts = testing::example_facts();
  facts.objectives.push_back({"tokens_per_second", true});
  for (const auto& [value, speed] : {std::pair{3.0, 10.0}, {2.0, 20.0}, {1.0, 5.0}}) {
    testing::add_trial(facts, value).outcome.scores = {
        testing::score_of("tokens_per_second", speed)};
  }
  EXPECT_EQ(cost_named(costs(facts), "tokens_per_second").at("front"), Json::parse("[1, 2]"));
}

}  // namespace
}  // namespace nas::report
