#include "run/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::small_config;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

config::RunConfig config_with(const std::string& objectives, const std::string& combine,
                              const std::string& evaluator = "train") {
  config::RunConfig config = small_config(1, 5);
  Json json = to_json(config);
  json["objectives"] = Json::parse(objectives);
  json["combine"] = combine;
  json["evaluator"] = evaluator;
  json["profile"]["latency"] = true;
  json["training"]["hurdles"]["count"] = 0;
  return config::config_from_json(json, JsonPositions("run.json"));
}

space::Score score(const std::string& name, double value) {
  space::Score made;
  made.name = name;
  made.value = value;
  return made;
}

space::Outcome complete(double value) {
  space::Outcome outcome;
  outcome.state = space::TrialState::kComplete;
  outcome.value = value;
  return outcome;
}

std::string error_of(const config::RunConfig& config) {
  try {
    check_objectives(config, JsonPositions("run.json"));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    return error.what();
  }
  return "";
}

TEST(Objectives, WeightedProductAgainstReferences) {
  const config::RunConfig config = config_with(
      R"([{"metric": "val_bpb", "reference": 2.0},
          {"metric": "latency_us", "weight": 0.5, "reference": 100},
          {"metric": "params", "direction": "maximize", "weight": 2, "reference": 10}])",
      "weighted_product");
  EXPECT_EQ(combined_objectives(config),
            (std::vector<space::Objective>{{"weighted_product", false}}));
  space::Outcome outcome = complete(3.0);
  apply_objectives(config, {score("latency_us[b1,s64]", 400), score("params", 20)}, outcome);
  // (3/2)^1 * (400/100)^0.5 * (20/10)^-2 = 1.5 * 2 / 4.
  EXPECT_DOUBLE_EQ(outcome.value, 0.75);
  EXPECT_TRUE(outcome.further_values.empty());
  EXPECT_EQ(outcome.state, space::TrialState::kComplete);
}

TEST(Objectives, AtTheReferencesTheProductIsOne) {
  const config::RunConfig config =
      config_with(R"([{"metric": "val_bpb", "weight": 1, "reference": 2.7},
                      {"metric": "latency_us", "weight": 0.07, "reference": 500}])",
                  "weighted_product");
  space::Outcome outcome = complete(2.7);
  apply_objectives(config, {score("latency_us[b1]", 500)}, outcome);
  EXPECT_EQ(outcome.value, 1.0);
  // Twice as slow costs as much as 2^0.07 = 4.97 % more bits.
  space::Outcome slower = complete(2.7);
  apply_objectives(config, {score("latency_us[b1]", 1000)}, slower);
  EXPECT_NEAR(slower.value, 1.0497, 5e-5);
}

TEST(Objectives, ParetoKeepsEachInItsOrder) {
  const config::RunConfig config = config_with(
      R"([{"metric": "params", "direction": "maximize"}, {"metric": "val_loss_nats"},
          {"metric": "val_bpb"}])",
      "pareto");
  EXPECT_EQ(combined_objectives(config),
            (std::vector<space::Objective>{
                {"params", true}, {"val_loss_nats", false}, {"val_bpb", false}}));
  EXPECT_EQ(trained_value(config), 1U);
  space::Outcome outcome = complete(3.0);
  apply_objectives(config, {score("params", 7), score("val_loss_nats", 2.5)}, outcome);
  EXPECT_EQ(outcome.value, 7);
  EXPECT_EQ(outcome.further_values, (std::vector<double>{2.5, 3.0}));
}

TEST(Objectives, AMissingOrBadValueIsAFailure) {
  const config::RunConfig pareto =
      config_with(R"([{"metric": "val_bpb"}, {"metric": "latency_us"}])", "pareto");
  for (const space::Scores& scores :
       {space::Scores{}, space::Scores{score("latency_us[b1]", kNan)}}) {
    space::Outcome outcome = complete(3.0);
    apply_objectives(pareto, scores, outcome);
    EXPECT_EQ(outcome.state, space::TrialState::kFail);
    EXPECT_EQ(outcome.reason, "nan");
    EXPECT_NE(outcome.detail.find("latency_us"), std::string::npos);
    EXPECT_TRUE(std::isnan(outcome.value));
  }
  const config::RunConfig product =
      config_with(R"([{"metric": "val_bpb", "reference": 1}])", "weighted_product");
  space::Outcome zero = complete(0.0);
  apply_objectives(product, {}, zero);
  EXPECT_EQ(zero.state, space::TrialState::kFail) << "a product of ratios needs positive metrics";
  space::Outcome pruned = complete(kNan);
  pruned.state = space::TrialState::kPruned;
  apply_objectives(product, {}, pruned);
  EXPECT_EQ(pruned.state, space::TrialState::kPruned);
}

TEST(Objectives, OneTrainedObjectiveIsLeftAsItIs) {
  space::Outcome outcome = complete(0.1 + 0.2);
  apply_objectives(small_config(1, 5), {}, outcome);
  EXPECT_EQ(outcome.value, 0.1 + 0.2);
  EXPECT_TRUE(outcome.further_values.empty());
}

TEST(Objectives, AnalyticLossesTurnSigns) {
  const config::RunConfig config = config_with(
      R"([{"metric": "params"}, {"metric": "flops_per_token", "direction": "maximize"}])", "pareto",
      "analytic");
  const Plan plan = make_plan(config, JsonPositions("run.json"));
  const space::Architecture architecture = plan.space->architecture(plan.space->initial());
  const space::Cost cost =
      cost_of(architecture, {config.training.batch_size, config.training.seq_len, 4});
  EXPECT_EQ(analytic_losses(config, architecture),
            (std::vector<double>{static_cast<double>(cost.params), -cost.flops_per_token}));
  EXPECT_EQ(trained_value(config), std::nullopt);
}

TEST(Objectives, AreRefusedByNameAndPlace) {
  EXPECT_EQ(error_of(config_with(R"([{"metric": "val_bpb"}, {"metric": "macs"}])", "pareto")),
            "objectives[1].metric = \"macs\" (run.json): must be one of latency_us, params, "
            "decoder_params, embedding_params, flops_per_token, activation_bytes, peak_bytes, "
            "val_bpb, val_loss_nats, train_loss_nats");
  EXPECT_NE(error_of(config_with(R"([{"metric": "val_bpb", "direction": "maximize"}])", "pareto"))
                .find("must be \"minimize\": val_bpb is a loss"),
            std::string::npos);
  EXPECT_NE(error_of(config_with(R"([{"metric": "val_bpb"}])", "pareto", "analytic"))
                .find("trains nothing"),
            std::string::npos);
  EXPECT_NE(error_of(config_with(R"([{"metric": "train_loss_nats"}])", "pareto", "synthetic"))
                .find("has val_bpb only"),
            std::string::npos);
  config::RunConfig unmeasured = config_with(R"([{"metric": "latency_us"}])", "pareto");
  unmeasured.profile.latency = false;
  EXPECT_NE(error_of(unmeasured).find("set profile.latency"), std::string::npos);
  config::RunConfig hurdles = config_with(R"([{"metric": "params"}])", "pareto");
  hurdles.training.hurdles.count = 1;
  EXPECT_NE(error_of(hurdles).find("must be 0 when no objective is trained"), std::string::npos);
}

}  // namespace
}  // namespace nas::run
