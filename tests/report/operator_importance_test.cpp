#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "nas/core/philox.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/text.hpp"
#include "report/importance.hpp"

namespace nas::report {
namespace {

/// The layer with a feed-forward of that name.
space::Program layer_with(const std::string& feed_forward) {
  space::ShortLayer layer;
  layer.mixer = space::block_program("softmax_attention", space::Slot::kMixer, {});
  layer.feed_forward = space::block_program(feed_forward, space::Slot::kFeedForward, {});
  return space::layer_program(layer);
}

const Json* item_named(const Json& json, const std::string& name) {
  for (const Json& item : json.at("items")) {
    if (item.at("name") == name) return &item;
  }
  return nullptr;
}

/// Half of the trials have a square (squared ReLU), which is worth -0.5 beside noise.
StudyFacts studied(int trials, double noise) {
  StudyFacts facts = testing::example_facts();
  const space::Program plain = layer_with("relu");
  const space::Program squared = layer_with("squared_relu");
  DrawCursor cursor({8, Purpose::kTest, 0, 0});
  for (int i = 0; i < trials; ++i) {
    space::Sample sample = facts.space->initial();
    sample.programs[0] = i % 2 ? squared : plain;
    const double value = (i % 2 ? 2.5 : 3.0) + noise * cursor.normal();
    testing::set_sample(facts, testing::add_trial(facts, value), sample);
  }
  return facts;
}

TEST(OperatorImportance, FindsTheKnownEffectWithItsInterval) {
  const Json json = operator_importance(studied(200, 0.1));
  const Json* square = item_named(json, "square");
  ASSERT_NE(square, nullptr) << json.dump(1);
  EXPECT_EQ(square->at("with"), 100);
  EXPECT_EQ(square->at("without"), 100);
  EXPECT_NEAR(square->at("effect").get<double>(), -0.5, 0.05);
  EXPECT_NEAR(square->at("slope").get<double>(), -0.5, 0.05);  // none or one: the same figure
  // 1.96 * sqrt(0.1^2 / 100 + 0.1^2 / 100) on either side.
  const double half = 0.5 * (square->at("high").get<double>() - square->at("low").get<double>());
  EXPECT_NEAR(half, 0.0277, 0.005);
  EXPECT_LT(square->at("high").get<double>(), 0);
}

TEST(OperatorImportance, APrimitiveThatAllHaveHasNoEffect) {
  EXPECT_EQ(item_named(operator_importance(studied(20, 0.1)), "softmax"), nullptr);
}

TEST(OperatorImportance, CoversNoEffectAboutAsOftenAsItSays) {
  int covered = 0;
  constexpr int kStudies = 60;
  for (int study = 0; study < kStudies; ++study) {
    StudyFacts facts = studied(40, 0);
    DrawCursor cursor({9, Purpose::kTest, static_cast<std::uint64_t>(study), 0});
    for (space::Trial& trial : facts.trials) trial.outcome.value = cursor.normal();
    const Json json = operator_importance(facts);
    const Json* square = item_named(json, "square");
    covered += square->at("low").get<double>() <= 0 && square->at("high").get<double>() >= 0;
  }
  // 95 % of 60 is 57; the percentile bootstrap of 20 against 20 covers a little less.
  EXPECT_GE(covered, 51);
}

TEST(OperatorImportance, SaysWhyThereIsNone) {
  EXPECT_EQ(operator_importance(studied(4, 0)).at("missing"),
            "only 4 trials were evaluated to the end; 8 are needed");
  StudyFacts same = testing::example_facts();
  for (int i = 0; i < 10; ++i) testing::add_trial(same, i);
  EXPECT_EQ(operator_importance(same).at("missing"), "all trials have the same primitives");
}

}  // namespace
}  // namespace nas::report
