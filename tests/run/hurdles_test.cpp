#include "nas/run/hurdles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "nas/search/training_steps.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::fingerprint;
using testing::run_to_end;
using testing::small_config;
using testing::TemporaryFolder;

/// A budget that is worth some dozens of steps, more for cheaper architectures.
config::RunConfig flops_config(std::int64_t parallelism) {
  config::RunConfig config = small_config(parallelism, 30);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const space::Architecture initial = plan.space->architecture(plan.space->initial());
  config.training.eval_every = 0;
  config.training.hurdles = {2, 3};
  config.training.budget = {true, {}, {}, 40 * search::step_flops(config.training, initial), {}};
  return config;
}

TEST(HurdlesOfAFlopsBudget, StandAtSharesOfEachCandidatesOwnSteps) {
  const TemporaryFolder folder;
  const config::RunConfig config = flops_config(1);
  run_to_end(config, folder.path() + "/s", 1);
  const store::Study study = store::Study::open(folder.path() + "/s", store::Study::Access::kRead);
  std::set<std::int64_t> lengths;
  std::int64_t pruned = 0;
  std::int64_t passed_both = 0;
  for (const space::Trial& trial : study.trials()) {
    const std::int64_t steps =
        search::training_steps(config.training, trial.candidate.architecture);
    const std::vector<std::int64_t> expected = search::hurdle_steps(steps, 2);
    const space::Outcome& outcome = trial.outcome;
    ASSERT_LE(outcome.hurdles.size(), expected.size());
    for (std::size_t i = 0; i < outcome.hurdles.size(); ++i) {
      EXPECT_EQ(outcome.hurdles[i], expected[i]) << trial.number;
    }
    lengths.insert(steps);
    pruned += outcome.reason == "hurdle";
    passed_both += outcome.state == space::TrialState::kComplete && outcome.hurdles.size() == 2;
  }
  EXPECT_GT(lengths.size(), 3U) << "every candidate had the same number of steps";
  EXPECT_GT(pruned, 0);
  EXPECT_GT(passed_both, 0);
}

TEST(HurdlesOfAFlopsBudget, GiveTheSameStudyForAnyNumberOfWorkers) {
  const TemporaryFolder folder;
  const config::RunConfig config = flops_config(3);
  run_to_end(config, folder.path() + "/one", 1);
  run_to_end(config, folder.path() + "/three", 3);
  EXPECT_EQ(fingerprint(folder.path() + "/one"), fingerprint(folder.path() + "/three"));
}

TEST(TrialsWithHurdles, FindsThemAmongTheValuesOfAStudyThatDoesNotSay) {
  const TemporaryFolder folder;
  config::RunConfig config = small_config(1, 8);
  config.training.hurdles.count = 0;  // values at steps 4 and 8, and no hurdles stored
  run_to_end(config, folder.path() + "/s", 1);
  const store::Study study = store::Study::open(folder.path() + "/s", store::Study::Access::kRead);
  config.training.hurdles = {1, 1};  // of 12 steps, at 4
  const Plan plan = make_plan(config, JsonPositions("small"));
  const std::vector<space::Trial> trials = trials_with_hurdles(plan, study);
  ASSERT_EQ(trials.size(), 8U);
  std::vector<double> values;
  for (const space::Trial& trial : trials) {
    ASSERT_EQ(trial.outcome.hurdles, std::vector<std::int64_t>{4}) << trial.number;
    values.push_back(trial.outcome.intermediate.at(0).second);
  }
  std::sort(values.begin(), values.end());
  EXPECT_EQ(bars_for(plan, {trials, trials.size()}), std::vector<double>{values[4]});
}

}  // namespace
}  // namespace nas::run
