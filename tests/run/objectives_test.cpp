#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "nas/core/error.hpp"
#include "nas/run/pareto_front.hpp"
#include "nas/search/pareto.hpp"
#include "nas/search/synthetic.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::fingerprint;
using testing::run_to_end;
using testing::small_config;
using testing::small_config_with_everything;
using testing::TemporaryFolder;

/// small_config with members replaced.
config::RunConfig changed(const config::RunConfig& config, const std::string& patch) {
  Json json = to_json(config);
  json.merge_patch(Json::parse(patch));
  return config::config_from_json(json, JsonPositions("small"));
}

std::vector<space::Trial> trials_of(const config::RunConfig& config, const std::string& folder) {
  EXPECT_EQ(run_to_end(config, folder, config.search.parallelism), RunEnd::kFinished);
  return store::Study::open(folder, store::Study::Access::kRead).trials();
}

constexpr const char* kFinite = R"({"layers": {"choice": [1, 2]}, "model_dim": 32, "heads": 4,
  "inner_dim": {"choice": [32, 64, 128]}, "norm": "layer_norm", "norm_place": "pre",
  "mixer": "softmax_attention", "feed_forward": {"choice": ["relu", "gelu"]}})";

TEST(SeveralObjectives, AreStoredAndTheFrontIsTheDefinitions) {
  const TemporaryFolder folder;
  const config::RunConfig config =
      changed(small_config(4, 30), R"({"objectives": [{"metric": "val_bpb"},
        {"metric": "params"}]})");
  const std::vector<space::Trial> trials = trials_of(config, folder.path() + "/study");
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  EXPECT_EQ(study.header().objectives(),
            (std::vector<space::Objective>{{"val_bpb", false}, {"params", false}}));
  std::vector<search::Point> points;
  std::vector<std::int64_t> numbers;
  for (const space::Trial& trial : trials) {
    if (trial.outcome.state != space::TrialState::kComplete) continue;
    ASSERT_EQ(trial.outcome.further_values.size(), 1U);
    const auto cost = cost_of(trial.candidate.architecture, space::CostPoint{});
    EXPECT_EQ(trial.outcome.further_values[0], static_cast<double>(cost.params));
    points.push_back({trial.outcome.value, trial.outcome.further_values[0]});
    numbers.push_back(trial.number);
  }
  std::set<std::int64_t> expected;
  for (const std::size_t i : search::pareto_front(points)) expected.insert(numbers[i]);
  std::set<std::int64_t> found;
  for (const ParetoPoint& point : pareto_front_of(study, {}).points) {
    found.insert(point.trial);
    found.insert(point.duplicates.begin(), point.duplicates.end());
  }
  EXPECT_EQ(found, expected);
  EXPECT_TRUE(expected.contains(best_trial(trials, study.header().objectives())->number));
}

TEST(SeveralObjectives, EverythingIsTheSameForAnyNumberOfWorkers) {
  const TemporaryFolder folder;
  const config::RunConfig config =
      changed(small_config_with_everything(4, 16), R"({"synthetic": {"step_microseconds": 50}})");
  for (const std::int64_t workers : {1, 3, 4}) {
    ASSERT_EQ(run_to_end(config, folder.path() + "/" + std::to_string(workers), workers),
              RunEnd::kFinished);
  }
  const std::string one = fingerprint(folder.path() + "/1");
  EXPECT_EQ(one, fingerprint(folder.path() + "/3"));
  EXPECT_EQ(one, fingerprint(folder.path() + "/4"));
}

TEST(SeveralObjectives, ReplayIsIdenticalWithSeedsToo) {
  const TemporaryFolder folder;
  const config::RunConfig config = small_config_with_everything(2, 16);
  const std::string path = folder.path() + "/study";
  const std::vector<space::Trial> trials = trials_of(config, path);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(config);
  const store::Study study = store::Study::open(path, store::Study::Access::kRead);
  bool any_pruned = false;
  for (const space::Trial& trial : trials) {
    const Replay replay = replay_trial(plan, *evaluator, study, trial.number);
    EXPECT_TRUE(replay.identical) << "trial " << trial.number << ": " << replay.difference;
    any_pruned = any_pruned || trial.outcome.state == space::TrialState::kPruned;
  }
  EXPECT_TRUE(any_pruned) << "no trial met a hurdle";
}

TEST(WeightedProduct, IsTheStudysOneValue) {
  const TemporaryFolder folder;
  const config::RunConfig config = changed(small_config(1, 12), R"({"combine": "weighted_product",
    "objectives": [{"metric": "val_bpb", "reference": 2},
                   {"metric": "params", "weight": 0.1, "reference": 10000}]})");
  const std::vector<space::Trial> trials = trials_of(config, folder.path() + "/study");
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  EXPECT_EQ(study.header().metric, "weighted_product");
  EXPECT_TRUE(study.header().further_objectives.empty());
  const search::SyntheticObjective objective(config.seed, {});
  int complete = 0;
  for (const space::Trial& trial : trials) {
    if (trial.outcome.state != space::TrialState::kComplete) continue;
    ++complete;
    const space::Architecture& architecture = trial.candidate.architecture;
    const auto params = static_cast<double>(cost_of(architecture, space::CostPoint{}).params);
    EXPECT_DOUBLE_EQ(trial.outcome.value,
                     objective.value(architecture, 12, 12, 0) / 2 * std::pow(params / 10000, 0.1));
  }
  EXPECT_GT(complete, 3);
}

TEST(Repeat, ValueIsTheMeanAndTheSpreadIsKept) {
  const TemporaryFolder folder;
  const config::RunConfig config = changed(small_config(1, 4),
                                           R"({"repeat": {"seeds": 3}, "synthetic": {"noise": 0.1},
          "training": {"hurdles": {"count": 0}}})");
  const std::vector<space::Trial> trials = trials_of(config, folder.path() + "/study");
  const search::SyntheticObjective objective(config.seed, {0.1, 0, 0});
  for (const space::Trial& trial : trials) {
    double sum = 0;
    for (std::uint32_t repeat = 0; repeat < 3; ++repeat) {
      sum += objective.value(trial.candidate.architecture, 12, 12, repeat);
    }
    EXPECT_NEAR(trial.outcome.value, sum / 3, 1e-12);
  }
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  std::set<std::uint32_t> fresh;
  for (const store::RepeatRun& run : study.repeats()) {
    if (run.role == "search") {
      EXPECT_LT(run.repeat, 3U);
    } else {
      fresh.insert(run.repeat);
    }
  }
  EXPECT_EQ(fresh, std::set<std::uint32_t>{3}) << "verification uses seeds that the search did not";
}

TEST(Enumerated, StudyEndsWhenTheSpaceDoes) {
  const TemporaryFolder folder;
  config::RunConfig config = changed(
      small_config(4, 100), R"({"search": {"name": "enumerate", "options": {"population": null,
                                           "tournament": null}}})");
  config.space = Json::parse(kFinite);
  const std::vector<space::Trial> trials = trials_of(config, folder.path() + "/study");
  EXPECT_EQ(trials.size(), 12U);
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  EXPECT_EQ(study.attribute("finished"), 100);
}

TEST(Enumerated, RefusesABudgetThatIsSmallerThanTheSpace) {
  config::RunConfig config = changed(
      small_config(1, 11), R"({"search": {"name": "enumerate", "options": {"population": null,
                                           "tournament": null}}})");
  config.space = Json::parse(kFinite);
  try {
    static_cast<void>(make_plan(config, JsonPositions("run.json")));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_NE(std::string(error.what()).find("budget.trials = 11 (run.json): must be at least 12"),
              std::string::npos)
        << error.what();
  }
}

TEST(Analytic, FrontOfASpaceWithoutTraining) {
  const TemporaryFolder folder;
  config::RunConfig config = changed(small_config(1, 12), R"({"evaluator": "analytic",
    "objectives": [{"metric": "decoder_params"},
                   {"metric": "flops_per_token", "direction": "maximize"}],
    "training": {"hurdles": {"count": 0}},
    "search": {"name": "enumerate", "options": {"population": null, "tournament": null,
                                                "front_only": true}}})");
  config.space = Json::parse(kFinite);
  const std::vector<space::Trial> front = trials_of(config, folder.path() + "/front");
  config.search.options = Json::object();
  const std::vector<space::Trial> all = trials_of(config, folder.path() + "/all");
  EXPECT_EQ(all.size(), 12U);
  EXPECT_LT(front.size(), all.size());
  std::set<std::string> written;
  for (const space::Trial& trial : front) written.insert(trial.candidate.hash.hex());
  std::set<std::string> optimal;
  const store::Study study =
      store::Study::open(folder.path() + "/all", store::Study::Access::kRead);
  for (const ParetoPoint& point : pareto_front_of(study, {}).points) {
    optimal.insert(all[static_cast<std::size_t>(point.trial)].candidate.hash.hex());
  }
  EXPECT_EQ(written, optimal);
}

}  // namespace
}  // namespace nas::run
