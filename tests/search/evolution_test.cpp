#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::Trial;

double best_of(const std::vector<Trial>& trials) {
  double best = trials[0].outcome.value;
  for (const Trial& trial : trials) best = std::min(best, trial.outcome.value);
  return best;
}

TEST(RegularizedEvolution, BeginsWithTheInitialProgramAndMutatesFromThere) {
  const auto space = testing::evolving_space();
  const auto searcher = testing::make_searcher("regularized_evolution", space, 3,
                                               {{"population", 20}, {"tournament", 5}}, 4);
  const std::vector<Trial> trials = testing::run_synthetic(*searcher, *space, 3, 60, 4);
  EXPECT_EQ(trials[0].candidate.origin, "initial");
  EXPECT_EQ(trials[0].candidate.sample, space->initial());
  for (std::size_t n = 1; n < trials.size(); ++n) {
    ASSERT_FALSE(trials[n].candidate.parents.empty());
    EXPECT_FALSE(trials[n].candidate.changes.empty());
    const std::int64_t parent = trials[n].candidate.parents.front();
    // With four at a time, trial n sees outcomes of trials up to n - 4 only (0 stands for the
    // initial program).
    EXPECT_LE(parent, std::max<std::int64_t>(0, static_cast<std::int64_t>(n) - 4));
    EXPECT_GE(parent, parent == 0 ? 0 : static_cast<std::int64_t>(n) - 4 - 20);
  }
}

TEST(RegularizedEvolution, LooksElsewhereWhenNothingNearTheInitialProgramWillDo) {
  const auto space = testing::evolving_space();
  const auto searcher = testing::make_searcher("regularized_evolution", space, 3,
                                               {{"population", 20}, {"tournament", 5}});
  space::Candidate near;
  for (std::uint32_t attempt = 1; !searcher->draw({{}, 0}, 0, attempt, near); ++attempt) {
    ASSERT_LT(attempt, 50U);
  }
  EXPECT_EQ(near.origin, "mutation");
  space::Candidate elsewhere;
  ASSERT_TRUE(searcher->draw({{}, 0}, 0, 60, elsewhere));
  EXPECT_EQ(elsewhere.origin, "random");
  EXPECT_TRUE(elsewhere.parents.empty());
  EXPECT_NE(elsewhere.sample, space->initial());
}

TEST(RegularizedEvolution, OldTrialsAgeOutHoweverGood) {
  const auto space = testing::evolving_space();
  const auto searcher = testing::make_searcher("regularized_evolution", space, 3,
                                               {{"population", 5}, {"tournament", 5}});
  std::vector<Trial> trials = testing::run_synthetic(*searcher, *space, 3, 40);
  trials[2].outcome.value = -100;  // the best by far, but 38 trials old
  for (std::int64_t number = 40; number < 60; ++number) {
    space::Candidate candidate;
    if (!searcher->draw({trials, trials.size()}, number, 0, candidate)) continue;
    EXPECT_GE(candidate.parents.front(), 35);
  }
}

TEST(RegularizedEvolution, CrossoverTakesTwoParents) {
  const auto space = testing::evolving_space();
  const auto searcher =
      testing::make_searcher("regularized_evolution", space, 3,
                             {{"population", 10}, {"tournament", 2}, {"crossover_rate", 1.0}});
  const std::vector<Trial> trials = testing::run_synthetic(*searcher, *space, 3, 60);
  const auto crossed = std::count_if(trials.begin(), trials.end(), [](const Trial& trial) {
    return trial.candidate.origin == "crossover" && trial.candidate.parents.size() == 2;
  });
  EXPECT_GT(crossed, 30);
}

TEST(RegularizedEvolution, BeatsRandomOnTheSyntheticObjective) {
  constexpr int kSeeds = 20;
  constexpr std::int64_t kTrials = 500;
  const auto space = testing::evolving_space();
  std::vector<double> evolution;
  std::vector<double> random;
  int wins = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto evolve = testing::make_searcher("regularized_evolution", space, seed,
                                               {{"population", 50}, {"tournament", 10}});
    const auto draw = testing::make_searcher("random", space, seed, Json::object());
    const double optimum = SyntheticObjective::optimum();
    evolution.push_back(best_of(testing::run_synthetic(*evolve, *space, seed, kTrials)) - optimum);
    random.push_back(best_of(testing::run_synthetic(*draw, *space, seed, kTrials)) - optimum);
    wins += evolution.back() < random.back();
  }
  std::sort(evolution.begin(), evolution.end());
  std::sort(random.begin(), random.end());
  const double median_evolution = (evolution[kSeeds / 2 - 1] + evolution[kSeeds / 2]) / 2;
  const double median_random = (random[kSeeds / 2 - 1] + random[kSeeds / 2]) / 2;
  std::printf("median regret: evolution %.4f, random %.4f; %d of %d seeds won\n", median_evolution,
              median_random, wins, kSeeds);
  EXPECT_LE(median_evolution, 0.5 * median_random);
  // One-sided sign test: P(at least 16 of 20 by chance) = 0.0059 < 0.01. Ties count as losses.
  EXPECT_GE(wins, 16);
}

}  // namespace
}  // namespace nas::search
