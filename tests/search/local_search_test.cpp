#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "fixtures.hpp"
#include "nas/search/pareto.hpp"

namespace nas::search {
namespace {

using space::Architecture;
using space::Trial;
using testing::run_trials;

/// Separable: each choice has one best option, so that every sample but the best has a better
/// neighbour.
double separable(const Architecture& architecture) {
  double sum = architecture.model.model_dim == 64 ? 0 : 1;
  for (const space::LayerSpec& layer : architecture.layers) {
    sum += std::abs(std::log2(static_cast<double>(layer.inner_dim) / 64)) / 2;
  }
  return sum + 3.0 / static_cast<double>(architecture.layers.size());
}

std::vector<double> one_value(const Architecture& architecture) {
  return {separable(architecture)};
}

std::vector<double> equal_value(const Architecture&) { return {1.0}; }

TEST(LocalSearch, TriesEachNeighbourOfItsStartOnceThenStartsElsewhere) {
  const auto space = testing::finite_space();  // two choices of two options
  const auto searcher = testing::make_searcher("local_search", space, 2, Json::object());
  const std::vector<Trial> trials = run_trials(*searcher, *space, equal_value, 4);
  EXPECT_EQ(trials[0].candidate.sample, space->initial());
  EXPECT_EQ(trials[0].candidate.origin, "initial");
  std::set<std::string> changed;
  for (std::size_t i = 1; i < 3; ++i) {
    EXPECT_EQ(trials[i].candidate.parents, std::vector<std::int64_t>{0});
    ASSERT_EQ(trials[i].candidate.changes.size(), 1U);
    changed.insert(trials[i].candidate.changes[0].where);
  }
  EXPECT_EQ(changed, (std::set<std::string>{"heads", "inner_dim"}));
  EXPECT_EQ(trials[3].candidate.origin, "random");
  EXPECT_FALSE(trials[3].candidate.duplicate_of) << "the fourth sample is left";
}

TEST(LocalSearch, MovesToABetterTrialAndReachesTheBest) {
  const auto space = testing::deeper_space();
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto searcher = testing::make_searcher("local_search", space, seed, Json::object());
    const std::vector<Trial> trials = run_trials(*searcher, *space, one_value, 40);
    std::int64_t best = 0;
    for (const Trial& trial : trials) {
      if (trial.candidate.origin == "random") break;
      if (trial.number > 0) {
        EXPECT_EQ(trial.candidate.parents, std::vector<std::int64_t>{best}) << "seed " << seed;
      }
      if (trial.outcome.value < trials[static_cast<std::size_t>(best)].outcome.value) {
        best = trial.number;
      }
    }
    // Two layers, model_dim 64, inner_dim 64.
    EXPECT_EQ(trials[static_cast<std::size_t>(best)].outcome.value, 1.5) << "seed " << seed;
  }
}

TEST(LocalSearch, AnotherSeedTakesAnotherOrder) {
  const auto space = testing::deeper_space();
  std::set<std::string> orders;
  for (std::uint64_t seed = 0; seed < 6; ++seed) {
    const auto searcher = testing::make_searcher("local_search", space, seed, Json::object());
    std::string order;
    for (const Trial& trial : run_trials(*searcher, *space, equal_value, 6)) {
      order += trial.candidate.hash.hex();
    }
    orders.insert(order);
  }
  EXPECT_GT(orders.size(), 3U);
}

TEST(LocalSearch, SkipsWhatConstraintsRefuse) {
  SearcherContext context;
  context.space = testing::deeper_space();
  context.feasible = [](const Architecture& architecture) {
    return architecture.layers.size() > 1 ? std::string("params 2 > 1") : std::string();
  };
  const auto space = context.space;
  const Feasible feasible = context.feasible;
  const auto searcher = testing::make_searcher("local_search", context, Json::object());
  std::vector<Trial> trials;
  for (std::int64_t number = 0; number < 18; ++number) {
    Proposal proposal = propose(*searcher, *space, {trials, trials.size()}, number, {}, feasible);
    EXPECT_EQ(proposal.candidate.architecture.layers.size(), 1U);
    Trial trial = testing::finished(number, space::TrialState::kComplete, 1.0);
    trial.candidate = std::move(proposal.candidate);
    trials.push_back(std::move(trial));
  }
  EXPECT_FALSE(std::any_of(trials.begin(), trials.end(), [](const Trial& trial) {
    return trial.candidate.duplicate_of.has_value();
  })) << "18 samples of one layer, each once";
}

TEST(LocalSearch, ALateResultReopensTheClimbItBelongsTo) {
  const auto space = testing::finite_space();
  const auto searcher = testing::make_searcher("local_search", space, 2, Json::object(), 2);
  std::vector<Trial> trials = run_trials(*searcher, *space, equal_value, 3, 2);
  // Trial 3 sees trials 0 and 1 only: all neighbours of trial 0 are taken, so it starts anew.
  space::Candidate third;
  ASSERT_TRUE(searcher->draw({trials, 2}, 3, 0, third));
  EXPECT_EQ(third.origin, "random");
  Trial restart = testing::finished(3, space::TrialState::kComplete, 1.0);
  restart.candidate = third;
  restart.candidate.sample = space->initial();  // leaves the fourth sample to be found
  restart.candidate.hash = trials[0].candidate.hash;
  trials.push_back(restart);
  // Trial 2 turns out better: its own neighbour comes before the new climb's.
  trials[2].outcome.value = 0.5;
  space::Candidate fourth;
  ASSERT_TRUE(searcher->draw({trials, 3}, 4, 0, fourth));
  EXPECT_EQ(fourth.parents, std::vector<std::int64_t>{2});
}

TEST(LocalSearch, OnlyVisibleResultsCount) {
  const auto space = testing::deeper_space();
  const auto searcher = testing::make_searcher("local_search", space, 5, Json::object(), 4);
  std::vector<Trial> trials = run_trials(*searcher, *space, one_value, 30, 4);
  for (std::size_t number = 4; number < trials.size(); ++number) {
    const std::span<const Trial> before = std::span(trials).first(number);
    space::Candidate again;
    std::vector<Trial> hidden(before.begin(), before.end());
    for (std::size_t i = number - 3; i < number; ++i) hidden[i].outcome = {};
    ASSERT_TRUE(searcher->draw({hidden, number - 3}, static_cast<std::int64_t>(number), 0, again));
    if (trials[number].candidate.origin != "random") {
      EXPECT_EQ(again.sample, trials[number].candidate.sample) << "trial " << number;
    }
  }
}

TEST(LocalSearch, StepsAreNoLargerThanAsked) {
  const auto space = testing::deeper_space();
  const auto searcher = testing::make_searcher("local_search", space, 4, {{"max_changes", 2}});
  std::size_t largest = 0;
  for (const Trial& trial : run_trials(*searcher, *space, equal_value, 18)) {
    EXPECT_LE(trial.candidate.changes.size(), 2U);
    largest = std::max(largest, trial.candidate.changes.size());
  }
  EXPECT_EQ(largest, 2U);
}

TEST(LocalSearch, WithSeveralObjectivesFindsTheWholeFront) {
  SearcherContext context;
  context.space = testing::deeper_space();
  context.objectives = {{"first", false}, {"second", true}};
  const auto values = [](const Architecture& architecture) {
    double width = 0;
    for (const space::LayerSpec& layer : architecture.layers) {
      width += static_cast<double>(layer.inner_dim);
    }
    return std::vector<double>{
        width + static_cast<double>(architecture.model.model_dim) / 100,
        std::sqrt(width) - 0.001 * static_cast<double>(architecture.model.model_dim)};
  };
  std::vector<Point> every;
  for (const space::Sample& sample : testing::all_samples(*context.space)) {
    const std::vector<double> found = values(context.space->architecture(sample));
    every.push_back({found[0], -found[1]});
  }
  std::set<Point> front;
  for (const std::size_t i : pareto_front(every)) front.insert(every[i]);
  const auto space = context.space;
  const auto searcher = testing::make_searcher("local_search", context, Json::object());
  std::set<Point> found;
  for (const Trial& trial : run_trials(*searcher, *space, values, 72)) {
    if (trial.candidate.origin == "random") break;
    found.insert({trial.outcome.value, -trial.outcome.further_values[0]});
  }
  ASSERT_GT(front.size(), 4U);
  EXPECT_TRUE(std::includes(found.begin(), found.end(), front.begin(), front.end()));
}

TEST(LocalSearch, BeatsRandomOnTheSyntheticObjective) {
  constexpr int kSeeds = 12;
  constexpr std::int64_t kTrials = 150;
  const auto space = testing::evolving_space();
  const auto best_of = [](const std::vector<Trial>& trials) {
    double best = trials[0].outcome.value;
    for (const Trial& trial : trials) best = std::min(best, trial.outcome.value);
    return best;
  };
  int wins = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    const auto local = testing::make_searcher("local_search", space, seed, {{"mutations", 40}});
    const auto random = testing::make_searcher("random", space, seed, Json::object());
    wins += best_of(testing::run_synthetic(*local, *space, seed, kTrials)) <
            best_of(testing::run_synthetic(*random, *space, seed, kTrials));
  }
  std::printf("local search won %d of %d seeds\n", wins, kSeeds);
  // One-sided sign test: P(at least 10 of 12 by chance) = 0.019. Ties count as losses.
  EXPECT_GE(wins, 10);
}

}  // namespace
}  // namespace nas::search
