#include "train/checkpoint.hpp"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "support/error_of.hpp"
#include "support/required.hpp"
#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

/// A model and optimizer with recognisable contents.
struct State {
  nn::Model model;
  std::unique_ptr<Optimizer> owned;
  Optimizer& optimizer = *owned;

  explicit State(std::uint64_t seed, std::int64_t model_dim = 16,
                 const std::string& optimizer_name = "adamw")
      : model(test::tiny_architecture(model_dim), {}),
        owned(builtin_optimizers().at(optimizer_name).make({}, model.trained())) {
    model.initialise(seed, 0);
    double value = static_cast<double>(seed);
    for (const nn::NamedTensor& part : optimizer.state()) part.tensor.fill_(value += 0.125);
    optimizer.resume_at(5);
  }

  [[nodiscard]] std::string hash() const {
    StreamingHash hash;
    hash.add(model.weights_hash().hex());
    for (const nn::NamedTensor& part : optimizer.state()) {
      hash.add(part.tensor.const_data_ptr(), part.tensor.nbytes());
    }
    return hash.value().hex();
  }
};

Progress example_progress() { return {5, 0.1 + 0.2, 3, {{2, 1.0 / 3.0}, {4, 0.25}}, 12.5, {0, 2}}; }

class CheckpointOf : public testing::TestWithParam<std::string> {};

TEST_P(CheckpointOf, RestoresEveryBit) {
  const test::TemporaryFolder folder;
  const State saved(1, 16, GetParam());
  save_checkpoint(folder / "c", "identity", saved.model, saved.optimizer, example_progress());
  State loaded(2, 16, GetParam());
  ASSERT_NE(loaded.hash(), saved.hash());
  const Progress progress = test::required(
      load_checkpoint(folder / "c", "identity", loaded.model, loaded.optimizer), "checkpoint");
  EXPECT_EQ(loaded.hash(), saved.hash());
  EXPECT_EQ(loaded.optimizer.steps_done(), 5);
  EXPECT_EQ(progress.step, 5);
  EXPECT_EQ(progress.loss_sum, 0.1 + 0.2);
  EXPECT_EQ(progress.loss_count, 3);
  EXPECT_EQ(progress.intermediate, example_progress().intermediate);
  EXPECT_EQ(progress.seconds, 12.5);
  EXPECT_EQ(progress.hurdles, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(checkpoint_step(folder / "c"), 5);
}

INSTANTIATE_TEST_SUITE_P(Optimizers, CheckpointOf, testing::ValuesIn(builtin_optimizers().names()));

TEST(Checkpoint, AnotherOptimizersIsIgnored) {
  const test::TemporaryFolder folder;
  const State saved(1, 16, "adafactor");
  save_checkpoint(folder / "c", "identity", saved.model, saved.optimizer, {});
  State state(2);
  const std::string before = state.hash();
  CaptureStderr();
  EXPECT_FALSE(load_checkpoint(folder / "c", "identity", state.model, state.optimizer));
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("it is incomplete"));
  EXPECT_EQ(state.hash(), before);
}

TEST(Checkpoint, WithoutAFileNothingIsRestored) {
  const test::TemporaryFolder folder;
  State state(2);
  CaptureStderr();
  EXPECT_FALSE(load_checkpoint(folder / "none", "identity", state.model, state.optimizer));
  EXPECT_EQ(GetCapturedStderr(), "");
  EXPECT_EQ(checkpoint_step(folder / "none"), 0);
  EXPECT_EQ(checkpoint_step(""), 0);
}

TEST(Checkpoint, AnotherTrainingsOrATornOneIsIgnoredAndChangesNothing) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "c";
  const State saved(1);
  save_checkpoint(path, "identity", saved.model, saved.optimizer, example_progress());
  const std::string whole = read_file(path);
  State state(2);
  const std::string before = state.hash();
  const auto warning_for = [&](const std::string& content, const std::string& identity) {
    write_file_atomically(path, content);
    CaptureStderr();
    EXPECT_FALSE(load_checkpoint(path, identity, state.model, state.optimizer));
    EXPECT_EQ(state.hash(), before);
    return GetCapturedStderr();
  };
  EXPECT_THAT(warning_for(whole, "other"), HasSubstr("it belongs to another training"));
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{4}, std::size_t{100}, whole.size() / 2, whole.size() - 1}) {
    EXPECT_THAT(warning_for(whole.substr(0, size), "identity"),
                HasSubstr("the checkpoint is ignored, the training starts again"));
    EXPECT_EQ(checkpoint_step(path), 0);
  }
  EXPECT_THAT(warning_for("no checkpoint at all", "identity"), HasSubstr("is ignored"));
}

TEST(Checkpoint, OneThatLacksATensorIsIgnored) {
  const test::TemporaryFolder folder;
  const State other(1, 24);
  save_checkpoint(folder / "c", "identity", other.model, other.optimizer, example_progress());
  State state(2);
  const std::string before = state.hash();
  CaptureStderr();
  EXPECT_FALSE(load_checkpoint(folder / "c", "identity", state.model, state.optimizer));
  EXPECT_THAT(GetCapturedStderr(), HasSubstr("it is incomplete"));
  EXPECT_EQ(state.hash(), before);
}

TEST(Checkpoint, AFullDiskIsAnErrorAndKeepsTheOldOne) {
  const test::TemporaryFolder folder;
  const State state(1);
  save_checkpoint(folder / "c", "identity", state.model, state.optimizer, example_progress());
  const std::string before = read_file(folder / "c");
  const test::ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + 1));
  const auto error = test::error_of([&] {
    save_checkpoint(folder / "c", "other", state.model, state.optimizer, example_progress());
    return 0;
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_EQ(read_file(folder / "c"), before);
}

TEST(TrainingIdentity, FollowsEverythingThatDecidesTheBits) {
  const test::TemporaryFolder folder;
  const TrainingRequest base = test::tiny_request(test::tiny_dataset(folder));
  const std::string identity = training_identity(base);
  const std::vector<std::function<void(TrainingRequest&)>> changes = {
      [](TrainingRequest& r) { r.seed = 12; },
      [](TrainingRequest& r) { r.repeat = 1; },
      [](TrainingRequest& r) { r.architecture = test::tiny_architecture(24); },
      [](TrainingRequest& r) { r.lowering.bf16 = true; },
      [](TrainingRequest& r) { r.lowering.fuse = false; },
      [](TrainingRequest& r) { r.lowering.device = "cuda:0"; },
      [](TrainingRequest& r) { r.training.steps = 9; },
      [](TrainingRequest& r) { r.training.batch_size = 5; },
      [](TrainingRequest& r) { r.training.seq_len = 8; },
      [](TrainingRequest& r) { r.training.eval_batches = 3; },
      [](TrainingRequest& r) { r.training.eval_every = 3; },
      [](TrainingRequest& r) { r.training.threads = 2; },
      [](TrainingRequest& r) { r.training.optimizer.learning_rate *= 1 + 1e-15; },
      [](TrainingRequest& r) { r.training.optimizer.beta1 = 0.5; },
      [](TrainingRequest& r) { r.training.optimizer.beta2 = 0.5; },
      [](TrainingRequest& r) { r.training.optimizer.epsilon = 1e-7; },
      [](TrainingRequest& r) { r.training.optimizer.weight_decay = 0; },
      [](TrainingRequest& r) { r.training.optimizer.clip_norm = 0; },
      [](TrainingRequest& r) { r.training.schedule.name = "constant"; },
      [](TrainingRequest& r) { r.training.schedule.warmup_steps = 1; },
      [](TrainingRequest& r) { r.training.schedule.final_share = 0; },
      [](TrainingRequest& r) { r.hurdle_steps = {3}; },
      [](TrainingRequest& r) { r.hurdle_seconds = {3}; },
      [](TrainingRequest& r) { r.training.optimizer.name = "adafactor"; },
      [](TrainingRequest& r) {
        r.training.budget = {true, {}, {}, {}, 5.0};
      },
  };
  for (std::size_t i = 0; i < changes.size(); ++i) {
    TrainingRequest changed = base;
    changes[i](changed);
    EXPECT_NE(training_identity(changed), identity) << i;
  }
  TrainingRequest same = base;
  same.checkpoint_path = "/elsewhere";
  same.training.checkpoint_every = 4;
  same.training.timeout_seconds = 9;
  same.training.tensorboard = false;
  same.training.hurdles.count = 3;
  same.training.budget = {true, same.training.steps, {}, {}, {}};
  EXPECT_EQ(training_identity(same), identity);
}

}  // namespace
}  // namespace nas::train
