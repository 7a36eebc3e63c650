#include <gtest/gtest.h>

#include "nas/core/error.hpp"
#include "run/scores.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::small_config;

std::string error_of(const config::RunConfig& config) {
  try {
    static_cast<void>(make_plan(config, JsonPositions("run.json")));
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

TEST(Plan, NamesUnknownSearchersAndMetrics) {
  config::RunConfig config = small_config(1, 5);
  config.search.name = "darts";
  EXPECT_NE(error_of(config).find("unknown searcher \"darts\""), std::string::npos);
  config = small_config(1, 5);
  config.constraints = {{"macs", {}, 5.0}};
  EXPECT_NE(error_of(config).find("constraints[0].metric = \"macs\""), std::string::npos);
  config.constraints = {{"latency_us", {}, 5.0}};
  EXPECT_NE(error_of(config).find("set profile.latency"), std::string::npos);
}

TEST(Plan, FeasibleNamesMetricValueAndBound) {
  config::RunConfig config = small_config(1, 5);
  config.constraints = {{"params", {}, 100.0}};
  const Plan plan = make_plan(config, JsonPositions("run.json"));
  const space::Architecture architecture = plan.space->architecture(plan.space->initial());
  const std::string reason = plan.feasible(architecture);
  EXPECT_TRUE(reason.starts_with("params ")) << reason;
  EXPECT_NE(reason.find("> 100"), std::string::npos) << reason;
  const std::vector<double> values = constraint_values(config, architecture, {});
  ASSERT_EQ(values.size(), 1U);
  EXPECT_EQ(values[0],
            static_cast<double>(cost_of(architecture, space::CostPoint{}).params) - 100.0);
}

TEST(Plan, AConstraintThatWasNotMeasuredIsNotSatisfied) {
  config::RunConfig config = small_config(1, 5);
  config.profile.latency = true;
  config.constraints = {{"latency_us", 1.0, 9.0}};
  const Plan plan = make_plan(config, JsonPositions("run.json"));
  const space::Architecture architecture = plan.space->architecture(plan.space->initial());
  EXPECT_EQ(constraint_values(config, architecture, {}), (std::vector<double>{1.0, 1.0}));
  space::Score score;
  score.name = "latency_us[b1,s64]";
  score.value = 4;
  EXPECT_EQ(constraint_values(config, architecture, {score}), (std::vector<double>{-5.0, -3.0}));
  EXPECT_EQ(broken_constraint(config, {score}), "");
  score.value = 12;
  EXPECT_EQ(broken_constraint(config, {score}), "latency_us 12.0000 > 9");
  score.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_NE(broken_constraint(config, {score}), "") << "NaN satisfies nothing";
}

}  // namespace
}  // namespace nas::run
