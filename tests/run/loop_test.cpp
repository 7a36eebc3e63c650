#include "run/loop.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::fingerprint;
using testing::run_to_end;
using testing::small_config;
using testing::TemporaryFolder;

TEST(Loop, WorkersUpToWGiveTheSameStudy) {
  config::RunConfig config = small_config(4, 30);
  (*config.synthetic)["step_microseconds"] = 200;
  const TemporaryFolder folder;
  for (const std::int64_t workers : {1, 2, 4}) {
    ASSERT_EQ(run_to_end(config, folder.path() + "/" + std::to_string(workers), workers),
              RunEnd::kFinished);
  }
  const std::string one = fingerprint(folder.path() + "/1");
  EXPECT_EQ(one, fingerprint(folder.path() + "/2"));
  EXPECT_EQ(one, fingerprint(folder.path() + "/4"));
}

TEST(Loop, ADifferentWIsADifferentSearch) {
  const TemporaryFolder folder;
  ASSERT_EQ(run_to_end(small_config(1, 20), folder.path() + "/1", 1), RunEnd::kFinished);
  ASSERT_EQ(run_to_end(small_config(4, 20), folder.path() + "/4", 4), RunEnd::kFinished);
  EXPECT_NE(fingerprint(folder.path() + "/1"), fingerprint(folder.path() + "/4"));
}

/// Interrupts after a number of training steps, wherever they fall.
class Interrupter final : public Observer {
 public:
  explicit Interrupter(int steps) : left_(steps) {}
  void on_step(std::int64_t, std::int64_t) override {
    const std::scoped_lock lock(mutex_);
    if (--left_ == 0) request_interrupt(SIGINT);
  }

 private:
  std::mutex mutex_;
  int left_;
};

TEST(Loop, StoppedCleanlyAtAnyStepAndResumed) {
  const TemporaryFolder folder;
  const config::RunConfig config = small_config(2, 8);
  const std::string whole = folder.path() + "/whole";
  ASSERT_EQ(run_to_end(config, whole, 2), RunEnd::kFinished);
  const std::string expected = fingerprint(whole);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(config);
  for (int steps = 1; steps < 60; steps += 7) {
    const std::string path = folder.path() + "/" + std::to_string(steps);
    {
      store::Study study = store::Study::create(path, study_header(plan, *evaluator));
      Interrupter interrupter(steps);
      EXPECT_EQ(run_search(plan, *evaluator, study, {2, &interrupter}), RunEnd::kInterrupted);
      clear_interrupt();
      for (const space::Trial& trial : study.trials()) {
        EXPECT_NE(trial.outcome.state, space::TrialState::kRunning)
            << "a clean stop leaves no trial RUNNING";
      }
    }
    ASSERT_EQ(run_to_end(config, path, 1), RunEnd::kFinished);
    EXPECT_EQ(fingerprint(path), expected) << "interrupted after " << steps << " steps";
  }
}

TEST(Loop, DuplicatesTakeTheOriginalsResult) {
  config::RunConfig config = small_config(3, 14);
  config.search.name = "random";
  config.search.options = Json::object();
  config.search.redraws = 2;
  config.space = Json::parse(R"({"layers": 1, "model_dim": 32, "heads": 4,
    "inner_dim": {"choice": [32, 64, 128]}, "norm": "layer_norm", "norm_place": "pre",
    "mixer": "softmax_attention", "feed_forward": "relu"})");
  const TemporaryFolder folder;
  ASSERT_EQ(run_to_end(config, folder.path() + "/study", 3), RunEnd::kFinished);
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  const std::vector<space::Trial> trials = study.trials();
  ASSERT_EQ(trials.size(), 14U);
  int duplicates = 0;
  for (const space::Trial& trial : trials) {
    if (!trial.candidate.duplicate_of) continue;
    ++duplicates;
    const space::Trial& original = trials[static_cast<std::size_t>(*trial.candidate.duplicate_of)];
    EXPECT_FALSE(original.candidate.duplicate_of);
    EXPECT_EQ(original.candidate.hash, trial.candidate.hash);
    EXPECT_EQ(original.outcome.state, trial.outcome.state);
    EXPECT_EQ(original.outcome.value, trial.outcome.value);
    EXPECT_EQ(original.outcome.intermediate, trial.outcome.intermediate);
  }
  EXPECT_EQ(duplicates, 11) << "three architectures, fourteen trials";
}

TEST(Loop, TooManyFailuresEndTheSearch) {
  config::RunConfig config = small_config(2, 50);
  config.training.hurdles.count = 0;  // a pruned trial has not failed
  (*config.synthetic)["fail_share"] = 1.0;
  const TemporaryFolder folder;
  try {
    static_cast<void>(run_to_end(config, folder.path() + "/study", 2));
    FAIL() << "every trial fails";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kFailures);
    EXPECT_NE(std::string(error.what()).find("10 in a row"), std::string::npos) << error.what();
  }
  const store::Study study =
      store::Study::open(folder.path() + "/study", store::Study::Access::kRead);
  EXPECT_LE(study.trials().size(), 12U);
}

TEST(Loop, ReplayIsIdenticalForEveryTrial) {
  const TemporaryFolder folder;
  const config::RunConfig config = small_config(4, 16);
  const std::string path = folder.path() + "/study";
  ASSERT_EQ(run_to_end(config, path, 4), RunEnd::kFinished);
  const Plan plan = make_plan(config, JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(config);
  const store::Study study = store::Study::open(path, store::Study::Access::kRead);
  bool any_pruned = false;
  for (const space::Trial& trial : study.trials()) {
    const Replay replay = replay_trial(plan, *evaluator, study, trial.number);
    EXPECT_TRUE(replay.identical) << "trial " << trial.number << ": " << replay.difference;
    any_pruned = any_pruned || trial.outcome.state == space::TrialState::kPruned;
  }
  EXPECT_TRUE(any_pruned) << "no trial met a hurdle";
}

TEST(WorkerCount, GrowsWithTheDevices) {
  Plan plan = make_plan(testing::small_config(8, 1), JsonPositions("small"));
  const auto evaluator = builtin_evaluators().at("synthetic").make(plan.config);
  plan.config.profile.latency = true;  // one at a time on each GPU
  const auto workers = [&](const std::string& device) {
    plan.config.device = device;
    return worker_count(plan, *evaluator, {});
  };
  EXPECT_EQ(workers("cuda:0"), 1);
  EXPECT_EQ(workers("cuda:0,cuda:1,cuda:2"), 3);
  plan.config.training.threads = 1000;  // more than this machine has
  EXPECT_EQ(workers("cpu"), 1);
  EXPECT_EQ(workers("cpu,cpu"), 2);
  plan.config.search.parallelism = 2;
  EXPECT_EQ(workers("cuda:0,cuda:1,cuda:2"), 2);
}

}  // namespace
}  // namespace nas::run
