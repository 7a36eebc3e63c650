#include "nas/search/ranking.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::Objective;
using space::Trial;
using space::TrialState;
using testing::finished;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

Trial complete(std::int64_t number, double first, double second) {
  Trial trial = finished(number, TrialState::kComplete, first);
  trial.outcome.further_values = {second};
  return trial;
}

std::vector<const Trial*> pointers(const std::vector<Trial>& trials) {
  std::vector<const Trial*> all;
  for (const Trial& trial : trials) all.push_back(&trial);
  return all;
}

TEST(Ranking, OfOneObjectiveIsBetter) {
  const std::vector<Trial> trials{
      finished(0, TrialState::kComplete, 2.0), finished(1, TrialState::kComplete, 1.0),
      finished(2, TrialState::kPruned, kNan, {{10, 0.5}}), finished(3, TrialState::kFail, kNan),
      finished(4, TrialState::kComplete, 1.0)};
  for (const bool maximize : {false, true}) {
    const std::vector<Objective> objectives{{"val_bpb", maximize}};
    const Ranking ranking(pointers(trials), objectives);
    for (std::size_t i = 0; i < trials.size(); ++i) {
      for (std::size_t k = 0; k < trials.size(); ++k) {
        EXPECT_EQ(ranking.better(i, k), better(trials[i], trials[k], maximize)) << i << " " << k;
      }
    }
    EXPECT_EQ(ranking.best(),
              maximize ? std::vector<std::size_t>{0} : (std::vector<std::size_t>{1, 4}));
  }
}

TEST(Ranking, WithoutAValueLessAtAHurdleIsBetterWhateverTheDirection) {
  const std::vector<Trial> trials{finished(0, TrialState::kPruned, kNan, {{10, 0.5}}),
                                  finished(1, TrialState::kPruned, kNan, {{10, 0.4}})};
  const std::vector<Objective> objectives{{"params", true}};
  const Ranking ranking(pointers(trials), objectives);
  EXPECT_TRUE(ranking.better(1, 0));
  EXPECT_EQ(ranking.best(), std::vector<std::size_t>{1});
}

TEST(Ranking, OfSeveralObjectivesIsByFrontThenByLoneliness) {
  // Less of the first, more of the second. Front 0: trials 0 to 3; front 1: trial 4.
  const std::vector<Trial> trials{
      complete(0, 0, 0), complete(1, 1, 4), complete(2, 3, 6),
      complete(3, 4, 8), complete(4, 3, 4), finished(5, TrialState::kPruned, kNan, {{10, 0.1}})};
  const std::vector<Objective> objectives{{"first", false}, {"second", true}};
  const Ranking ranking(pointers(trials), objectives);
  EXPECT_EQ(ranking.best(), (std::vector<std::size_t>{0, 1, 2, 3}));
  EXPECT_TRUE(ranking.better(1, 2)) << "3/4 + 6/8 against 3/4 + 4/8";
  EXPECT_TRUE(ranking.better(0, 1)) << "the least of an objective";
  EXPECT_FALSE(ranking.better(0, 3));
  EXPECT_FALSE(ranking.better(3, 0));
  EXPECT_TRUE(ranking.better(2, 4));
  EXPECT_TRUE(ranking.better(4, 5));
}

TEST(Ranking, EvolutionKeepsBothEndsOfAFront) {
  SearcherContext context;
  context.space = testing::deeper_space();
  context.seed = 3;
  context.objectives = {{"small", false}, {"wide", true}};
  const auto space = context.space;
  const auto searcher = testing::make_searcher("regularized_evolution", context,
                                               {{"population", 20}, {"tournament", 5}});
  const auto values = [](const space::Architecture& architecture) {
    double width = 0;
    for (const space::LayerSpec& layer : architecture.layers) {
      width += static_cast<double>(layer.inner_dim);
    }
    return std::vector<double>{width + static_cast<double>(architecture.model.model_dim), width};
  };
  std::vector<Point> found;
  for (const Trial& trial : testing::run_trials(*searcher, *space, values, 60)) {
    found.push_back(losses_of(trial, context.objectives));
  }
  std::vector<Point> every;
  for (const space::Sample& sample : testing::all_samples(*space)) {
    const std::vector<double> all = values(space->architecture(sample));
    every.push_back({all[0], -all[1]});
  }
  const Point reference{1000, 0};
  EXPECT_GE(hypervolume(found, reference), 0.98 * hypervolume(every, reference));
}

}  // namespace
}  // namespace nas::search
