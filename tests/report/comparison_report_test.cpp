#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"

namespace nas::report {
namespace {

TEST(ComparisonReport, ShowsOnlyKeysThatDiffer) {
  std::vector<StudyFacts> studies(3, testing::example_facts());
  for (StudyFacts& facts : studies) testing::add_trial(facts, 2.0);
  studies[1].config = Json::parse(R"({"training": {"steps": 300}, "seed": 7})");
  studies[2].config = Json::parse(R"({"training": {"steps": 100}, "seed": 7, "name": "third"})");
  const Json json = comparison_report(studies);
  EXPECT_EQ(json.at("config"), Json::parse(R"([
    {"key": "training.steps", "values": [100, 300, 100]},
    {"key": "name", "values": [null, null, "third"]}])"));
  EXPECT_EQ(json.at("environment"), Json::array());
}

TEST(ComparisonReport, TellsStudiesOfOneNameApartByFolder) {
  std::vector<StudyFacts> studies(2, testing::example_facts());
  studies[1].folder = "runs/example-2";
  EXPECT_EQ(comparison_report(studies).at("studies").at(1).at("label"), "example (runs/example-2)");
  studies[1].name = "other";
  EXPECT_EQ(comparison_report(studies).at("studies").at(0).at("label"), "example");
}

TEST(ComparisonReport, SaysWhenObjectivesDiffer) {
  std::vector<StudyFacts> studies(2, testing::example_facts());
  EXPECT_EQ(comparison_report(studies).at("same_objective"), true);
  studies[1].objectives[0].maximize = true;
  EXPECT_EQ(comparison_report(studies).at("same_objective"), false);
}

}  // namespace
}  // namespace nas::report
