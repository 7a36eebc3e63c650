#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/importance.hpp"

namespace nas::report {
namespace {

/// Every combination of the two choices; heads decides, inner_dim does not matter.
StudyFacts studied(int copies) {
  StudyFacts facts = testing::example_facts();
  for (int i = 0; i < 6 * copies; ++i) {
    space::Sample sample = facts.space->initial();
    sample.choices[0] = static_cast<std::uint16_t>(i % 2);
    sample.choices[1] = static_cast<std::uint16_t>(i / 2 % 3);
    testing::set_sample(facts, testing::add_trial(facts, i % 2 ? 2.0 : 3.0), sample);
  }
  return facts;
}

TEST(ParameterImportance, NamesTheChoiceThatDecides) {
  const StudyFacts facts = studied(4);
  ASSERT_EQ(facts.space->choices().size(), 2U);
  const Json json = parameter_importance(facts);
  EXPECT_EQ(json.at("missing"), "");
  EXPECT_EQ(json.at("trials"), 24);
  ASSERT_EQ(json.at("items").size(), 2U);
  const Json& first = json.at("items").at(0);
  EXPECT_EQ(first.at("name"), facts.space->choices()[0].name);
  EXPECT_NEAR(first.at("share").get<double>(), 1.0, 1e-9);
  EXPECT_NEAR(first.at("low").get<double>(), 1.0, 1e-9);
  const Json& option = first.at("options").at(0);
  EXPECT_EQ(option.at("trials"), 12);
  EXPECT_EQ(option.at("mean"), 3.0);
  EXPECT_EQ(option.at("half_width"), 0.0);
  EXPECT_NEAR(json.at("items").at(1).at("share").get<double>(), 0.0, 1e-9);
}

TEST(ParameterImportance, LeavesDuplicatesAndUnfinishedTrialsOut) {
  StudyFacts facts = studied(2);
  testing::add_trial(facts, 1000).candidate.duplicate_of = 0;
  testing::add_ended(facts, space::TrialState::kPruned, "hurdle");
  EXPECT_EQ(parameter_importance(facts).at("trials"), 12);
}

TEST(ParameterImportance, SaysWhyThereIsNone) {
  StudyFacts facts = studied(1);
  EXPECT_EQ(parameter_importance(facts).at("missing"),
            "only 6 trials were evaluated to the end; 8 are needed");
  facts = studied(2);
  for (space::Trial& trial : facts.trials) trial.outcome.value = 1;
  EXPECT_EQ(parameter_importance(facts).at("missing"),
            "the objective does not vary with the choices");
  facts.space = nullptr;
  EXPECT_EQ(parameter_importance(facts).at("missing"),
            "the study's space cannot be read from its configuration");
}

}  // namespace
}  // namespace nas::report
