#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"

namespace nas::report {
namespace {

Json compared(const std::vector<StudyFacts>& studies) {
  std::vector<Json> reports;
  reports.reserve(studies.size());
  for (const StudyFacts& facts : studies) reports.push_back(study_report(facts, {}));
  return comparison_report(std::move(reports));
}

TEST(ComparisonReport, ShowsOnlyKeysThatDiffer) {
  std::vector<StudyFacts> studies(3, testing::example_facts());
  for (StudyFacts& facts : studies) testing::add_trial(facts, 2.0);
  studies[1].config = Json::parse(R"({"training": {"steps": 300}, "seed": 7})");
  studies[2].config = Json::parse(R"({"training": {"steps": 100}, "seed": 7, "name": "third"})");
  const Json json = compared(studies);
  EXPECT_EQ(json.at("config"), Json::parse(R"([
    {"key": "training.steps", "values": [100, 300, 100]},
    {"key": "name", "values": [null, null, "third"]}])"));
  EXPECT_EQ(json.at("environment"), Json::array());
}

TEST(ComparisonReport, TellsStudiesOfOneNameApartByFolder) {
  std::vector<StudyFacts> studies(2, testing::example_facts());
  studies[1].folder = "runs/example-2";
  EXPECT_EQ(compared(studies).at("studies").at(1).at("label"), "example (runs/example-2)");
  studies[1].name = "other";
  EXPECT_EQ(compared(studies).at("studies").at(0).at("label"), "example");
}

TEST(ComparisonReport, HoldsTheWholeReportOfEachStudy) {
  const std::vector<StudyFacts> studies(2, testing::example_facts());
  const Json json = compared(studies);
  const Json own = study_report(studies[1], {});
  for (const auto& [key, value] : own.items()) {
    EXPECT_EQ(json.at("studies").at(1).at(key), value) << key;
  }
}

TEST(ComparisonReport, SaysWhenObjectivesDiffer) {
  std::vector<StudyFacts> studies(2, testing::example_facts());
  EXPECT_EQ(compared(studies).at("same_objective"), true);
  studies[1].objectives[0].maximize = true;
  EXPECT_EQ(compared(studies).at("same_objective"), false);
}

}  // namespace
}  // namespace nas::report
