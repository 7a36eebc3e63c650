#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "nas/space/dna.hpp"
#include "nas/space/text.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

/// 0 initial; 1 from 0 with another inner_dim; 2 from 1 with another program, the winner.
StudyFacts three_generations() {
  StudyFacts facts = testing::example_facts();
  testing::add_trial(facts, 3.0);
  space::Sample sample = facts.space->initial();
  sample.choices[1] = 2;
  space::Trial& child = testing::add_trial(facts, 3.2);
  testing::set_sample(facts, child, sample);
  child.candidate.parents = {0};
  child.candidate.changes = {{space::MutationKind::kChoice, "inner_dim"}};
  std::string text = to_text(sample.programs[0]);
  const std::size_t relu = text.find("relu(");
  text.replace(relu, 5, "tanh(");
  sample.programs[0] = space::program_from_text(text, "test");
  space::Trial& grandchild = testing::add_trial(facts, 2.0);
  testing::set_sample(facts, grandchild, sample);
  grandchild.candidate.parents = {1};
  grandchild.candidate.changes = {{space::MutationKind::kInsert, "layer.program"}};
  testing::add_trial(facts, 2.9).candidate.parents = {0};  // another branch
  return facts;
}

TEST(Lineage, GoesFromTheFirstAncestorToTheWinner) {
  const Json json = lineage(three_generations());
  ASSERT_EQ(json.size(), 3U);
  EXPECT_EQ(json.at(0).at("trial"), 0);
  EXPECT_EQ(json.at(0).at("change"), "initial");
  EXPECT_TRUE(json.at(0).at("paid").is_null());
  EXPECT_EQ(json.at(2).at("trial"), 2);
}

TEST(Lineage, SaysWhatEachMutationChangedAndPaid) {
  const Json json = lineage(three_generations());
  EXPECT_NEAR(json.at(1).at("paid").get<double>(), -0.2, 1e-12);  // worse: it paid negatively
  EXPECT_EQ(json.at(1).at("differences"),
            Json::parse(R"([{"where": "inner_dim", "before": "64", "after": "128"}])"));
  EXPECT_NEAR(json.at(2).at("paid").get<double>(), 1.2, 1e-12);
  EXPECT_EQ(json.at(2).at("change"), "insert in layer.program");
  ASSERT_EQ(json.at(2).at("differences").size(), 1U);
  const Json& difference = json.at(2).at("differences").at(0);
  EXPECT_EQ(difference.at("where"), "layer.program");
  std::string removed, added;
  for (const Json& line : difference.at("lines")) {
    if (line.at(0) == "-") removed += line.at(1).get<std::string>();
    if (line.at(0) == "+") added += line.at(1).get<std::string>();
  }
  EXPECT_NE(removed.find("relu("), std::string::npos);
  EXPECT_NE(added.find("n1 = tanh("), std::string::npos);
}

TEST(Lineage, OfADnaItsOwnLinesDiffer) {
  StudyFacts facts = three_generations();
  space::Dna dna = space::primer_transformer(4, 64, space::Positions::kRope);
  for (const std::size_t i : {1U, 2U}) {
    facts.trials[i].candidate.sample.dnas = {dna};
    dna.constants[0] = 0.75;  // of the second alone
  }
  const Json differences = lineage(facts).at(2).at("differences");
  ASSERT_EQ(differences.size(), 1U);
  std::string marks;
  for (const Json& line : differences.at(0).at("lines")) marks += line.at(0).get<std::string>();
  EXPECT_EQ(std::count(marks.begin(), marks.end(), '-'), 1);
  EXPECT_EQ(std::count(marks.begin(), marks.end(), '+'), 1);
  const Json programs = winner(facts, {}).at("programs");
  EXPECT_EQ(programs.back().at("title"), "Lowered from this DNA");
  EXPECT_TRUE(space::is_dna_text(programs.back().at("text").get<std::string>()));
}

TEST(Lineage, PaidFollowsTheDirection) {
  StudyFacts facts = three_generations();
  facts.objectives[0].maximize = true;
  facts.trials[2].outcome.value = 5.0;
  EXPECT_NEAR(lineage(facts).at(2).at("paid").get<double>(), 1.8, 1e-12);
}

TEST(Lineage, HasNoPriceWhenTheParentHasNoValue) {
  StudyFacts facts = three_generations();
  facts.trials[1].outcome.state = space::TrialState::kPruned;
  facts.trials[1].outcome.value = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(lineage(facts).at(2).at("paid").is_null());
  EXPECT_TRUE(lineage(facts).at(1).at("value").is_null());
}

TEST(Lineage, NamesPlacesByNumberWithoutASpace) {
  StudyFacts facts = three_generations();
  facts.space = nullptr;
  const Json json = lineage(facts);
  EXPECT_EQ(json.at(1).at("differences").at(0).at("where"), "choice 1");
  EXPECT_EQ(json.at(2).at("differences").at(0).at("where"), "program 0");
}

TEST(Lineage, OfNoWinnerIsEmpty) { EXPECT_EQ(lineage(testing::example_facts()), Json::array()); }

}  // namespace
}  // namespace nas::report
