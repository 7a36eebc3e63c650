#include "nas/train/training.hpp"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <thread>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/train/tables.hpp"
#include "support/error_of.hpp"
#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

using space::TrialState;
using test::TemporaryFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

constexpr double kPasses = std::numeric_limits<double>::quiet_NaN();

double score_of(const TrainingResult& result, const std::string& name) {
  for (const space::Score& score : result.outcome.scores) {
    if (score.name == name) return score.value;
  }
  ADD_FAILURE() << "no score " << name;
  return 0;
}

/// Everything of a result that must be the same again.
std::string bits_of(const TrainingResult& result) {
  std::string text = space::to_text(result.outcome.state);
  text += " " + result.outcome.reason + " " + result.weights_hash;
  char number[64];
  const auto add = [&](double value) {
    std::snprintf(number, sizeof number, " %a", value);
    text += number;
  };
  for (const auto& [step, value] : result.outcome.intermediate) {
    text += " " + std::to_string(step);
    add(value);
  }
  if (result.outcome.state == TrialState::kComplete) {
    add(result.outcome.value);
    add(score_of(result, "train_loss_nats"));
    add(score_of(result, "val_loss_nats"));
  }
  return text;
}

std::string trained_bits(const TrainingRequest& request) {
  const std::optional<TrainingResult> result = train(request);
  return result ? bits_of(*result) : "stopped";
}

class Training : public testing::Test {
 protected:
  TemporaryFolder folder_;
  TrainingRequest request_ = test::tiny_request(test::tiny_dataset(folder_));
};

TEST_F(Training, LearnsARepetitiveText) {
  request_.architecture = test::tiny_architecture(32);
  request_.training.steps = 150;
  request_.training.batch_size = 16;
  request_.training.optimizer.learning_rate = 1e-2;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kComplete);
  EXPECT_EQ(result.outcome.reason, "");
  // A uniform guess is 8; the text's own entropy is 0.33 (7.6 drawn bits in 23 bytes).
  EXPECT_LT(result.outcome.value, 2.0);
  EXPECT_GT(result.outcome.value, 0.33);
  EXPECT_EQ(score_of(result, "val_bpb"), result.outcome.value);
  EXPECT_DOUBLE_EQ(score_of(result, "val_loss_nats"), result.outcome.value * std::log(2.0));
  EXPECT_NEAR(score_of(result, "train_loss_nats"), score_of(result, "val_loss_nats"), 0.3);
  EXPECT_GT(score_of(result, "steps_per_second"), 0);
  EXPECT_GT(score_of(result, "train_seconds"), 0);
}

TEST_F(Training, LearnsWithAdafactorAsT5UsesIt) {
  request_.architecture = test::tiny_architecture(32);
  request_.training.steps = 150;
  request_.training.batch_size = 16;
  request_.training.optimizer.name = "adafactor";
  request_.training.optimizer.min_dim_size_to_factor = 32;
  request_.training.optimizer.learning_rate = 0.1;
  request_.training.schedule = {"rsqrt", 20, 0};
  const TrainingResult result = test::trained(request_);
  ASSERT_EQ(result.outcome.state, TrialState::kComplete) << result.outcome.detail;
  EXPECT_LT(result.outcome.value, 2.0);
}

TEST_F(Training, IsAFunctionOfSeedAndRepeat) {
  const std::string first = trained_bits(request_);
  EXPECT_EQ(trained_bits(request_), first);
  request_.repeat = 1;
  const std::string repeated = trained_bits(request_);
  EXPECT_NE(repeated, first);
  request_.repeat = 0;
  request_.seed = 12;
  EXPECT_NE(trained_bits(request_), first);
}

TEST_F(Training, ReportsEvaluationsAndHurdlesButNotTheLast) {
  request_.training.eval_every = 4;
  request_.hurdle_steps = {2, 4, 6};
  request_.hurdle_bars = {kPasses, 1e9, kPasses};
  std::vector<std::pair<std::int64_t, double>> reported;
  std::vector<std::int64_t> steps;
  request_.on_value = [&](std::int64_t step, double value) { reported.emplace_back(step, value); };
  request_.on_step = [&](std::int64_t step) { steps.push_back(step); };
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kComplete);
  EXPECT_THAT(reported, ElementsAre(Pair(2, testing::_), Pair(4, testing::_), Pair(6, testing::_)));
  EXPECT_EQ(result.outcome.intermediate, reported);
  EXPECT_THAT(steps, ElementsAre(1, 2, 3, 4, 5, 6, 7, 8));
}

TEST_F(Training, AMissedHurdlePrunes) {
  request_.hurdle_steps = {2, 5};
  request_.hurdle_bars = {kPasses, 0.5};
  request_.checkpoint_path = folder_ / "checkpoint";
  request_.training.checkpoint_every = 1;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kPruned);
  EXPECT_EQ(result.outcome.reason, "hurdle");
  EXPECT_THAT(result.outcome.detail,
              testing::MatchesRegex("val_bpb [0-9.]+ after step 5 is above the bar 0.5[0]*"));
  EXPECT_TRUE(std::isnan(result.outcome.value));
  EXPECT_EQ(result.outcome.intermediate.size(), 2U);
  EXPECT_EQ(result.weights_hash, "");
  EXPECT_TRUE(std::filesystem::exists(request_.checkpoint_path)) << "its result is not stored yet";
}

TEST_F(Training, ABarIsPassedByItsOwnValue) {
  request_.hurdle_steps = {4};
  request_.hurdle_bars = {kPasses};
  const double value = test::trained(request_).outcome.intermediate.at(0).second;
  request_.hurdle_bars = {value};
  EXPECT_EQ(test::trained(request_).outcome.state, TrialState::kComplete);
  request_.hurdle_bars = {std::nextafter(value, 0.0)};
  EXPECT_EQ(test::trained(request_).outcome.state, TrialState::kPruned);
}

TEST_F(Training, DivergenceIsAnOutcome) {
  request_.training.optimizer.learning_rate = 1e30;
  request_.training.schedule.warmup_steps = 0;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "nan");
  EXPECT_THAT(result.outcome.detail, testing::MatchesRegex("step 2: loss .*, gradient norm .*"));
  EXPECT_TRUE(std::isnan(result.outcome.value));
}

TEST_F(Training, DivergenceInTheLastStepIsSeenByItsEvaluation) {
  request_.training.steps = 1;
  request_.training.optimizer.learning_rate = 1e30;
  request_.training.schedule.warmup_steps = 0;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.reason, "nan");
  EXPECT_THAT(result.outcome.detail, HasSubstr("validation loss after the last step is"));
}

TEST_F(Training, TheTimeLimitIsAnOutcome) {
  request_.training.timeout_seconds = 1e-9;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "timeout");
  EXPECT_THAT(result.outcome.detail,
              HasSubstr("after 1 of 8 steps, training.timeout_seconds = 1e-09"));
}

TEST_F(Training, RunningOutOfMemoryIsAnOutcome) {
  // More than a process can address, so that no machine tries.
  request_.architecture.model.vocab_size = std::int64_t{1} << 24U;
  request_.architecture.model.model_dim = std::int64_t{1} << 24U;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "oom");
  EXPECT_THAT(result.outcome.detail, HasSubstr("1125899906842624 bytes"));
  EXPECT_EQ(result.outcome.detail.find('\n'), std::string::npos);
  request_.architecture = test::tiny_architecture();
  EXPECT_EQ(test::trained(request_).outcome.state, TrialState::kComplete);
}

/// A corpus whose third batch makes LibTorch refuse an operation.
class RefusedBatch : public data::Dataset {
 public:
  RefusedBatch(std::shared_ptr<const data::Dataset> dataset, std::string message)
      : dataset_(std::move(dataset)), message_(std::move(message)) {}
  const data::Tokenizer& tokenizer() const override { return dataset_->tokenizer(); }
  std::int64_t train_tokens() const override { return dataset_->train_tokens(); }
  std::int64_t validation_tokens() const override { return dataset_->validation_tokens(); }
  Hash128 hash() const override { return dataset_->hash(); }
  std::string description() const override { return dataset_->description(); }
  data::Windows train_batch(std::uint64_t seed, std::uint32_t repeat, std::uint32_t step,
                            std::int64_t batch, const std::string& device) const override {
    TORCH_CHECK(step < 3, message_);
    return dataset_->train_batch(seed, repeat, step, batch, device);
  }
  bool gather_train_batch(std::uint64_t seed, std::uint32_t repeat, const at::Tensor& step,
                          const at::Tensor& windows) const override {
    return dataset_->gather_train_batch(seed, repeat, step, windows);
  }
  at::Tensor train_document_starts(std::uint64_t seed, std::uint32_t repeat, std::uint32_t step,
                                   std::int64_t batch) const override {
    return dataset_->train_document_starts(seed, repeat, step, batch);
  }
  data::Windows validation_windows(std::int64_t count, const std::string& device) const override {
    return dataset_->validation_windows(count, device);
  }
  std::int64_t target_bytes(const data::Windows& windows) const override {
    return dataset_->target_bytes(windows);
  }

 private:
  std::shared_ptr<const data::Dataset> dataset_;
  std::string message_;
};

TEST_F(Training, WhatLibTorchRefusesIsAnOutcome) {
  request_.dataset = std::make_shared<RefusedBatch>(request_.dataset, "sizes 3 and 4 differ");
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "error");
  EXPECT_EQ(result.outcome.detail, "sizes 3 and 4 differ");
}

TEST_F(Training, AFailedDeviceEndsMoreThanTheTraining) {
  request_.dataset = std::make_shared<RefusedBatch>(
      request_.dataset, "CUDA error: an illegal memory access was encountered");
  EXPECT_EQ(test::error_of([&] { return train(request_); })->kind(), ErrorKind::kDevice);
}

TEST_F(Training, AVocabularyBelowTheTokenizersIsRefused) {
  request_.architecture.model.vocab_size = 255;
  EXPECT_EQ(test::message_of([&] { return train(request_); }),
            "model.vocab_size = 255: the tokenizer has 256 ids");
}

TEST_F(Training, WritesTheFinalWeights) {
  request_.weights_path = folder_ / "model.safetensors";
  const TrainingResult result = test::trained(request_);
  const nn::SafetensorsFile file = nn::read_safetensors(request_.weights_path);
  nn::Model model(request_.architecture, request_.lowering);
  model.load(file.tensors);
  EXPECT_EQ(model.weights_hash().hex(), result.weights_hash);
  EXPECT_EQ(file.metadata.at("nas_weights_hash"), result.weights_hash);
  const data::Windows windows = request_.dataset->validation_windows(8, "cpu");
  EXPECT_EQ(evaluate_nats(model, windows, 4), score_of(result, "val_loss_nats"));
}

TEST_F(Training, TheNumericCheckPassesACausalModel) {
  request_.check_causality = true;
  EXPECT_EQ(test::trained(request_).outcome.state, TrialState::kComplete);
}

class TrainingWith : public Training, public testing::WithParamInterface<std::string> {};

INSTANTIATE_TEST_SUITE_P(Optimizers, TrainingWith, testing::ValuesIn(builtin_optimizers().names()));

/// Stops at every step, resumes, and wants the bits of a training that did not stop.
TEST_P(TrainingWith, ResumesBitForBitFromEveryStep) {
  request_.training.optimizer.name = GetParam();
  request_.training.optimizer.min_dim_size_to_factor = 16;
  request_.training.eval_every = 3;
  request_.hurdle_steps = {2, 5};
  request_.hurdle_bars = {kPasses, 1e9};
  const std::string whole = trained_bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  for (std::int64_t stop = 0; stop < request_.training.steps; ++stop) {
    std::int64_t polls = 0;
    TrainingRequest stopped = request_;
    stopped.should_stop = [&] { return polls++ == stop; };
    ASSERT_FALSE(train(stopped)) << stop;
    EXPECT_EQ(checkpoint_step(request_.checkpoint_path), stop);
    EXPECT_EQ(trained_bits(request_), whole) << "after a stop at step " << stop;
    std::filesystem::remove(request_.checkpoint_path);
  }
}

TEST_F(Training, ResumesAgainAndAgain) {
  const std::string whole = trained_bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  for (std::int64_t attempt = 1; attempt < request_.training.steps; ++attempt) {
    std::int64_t polls = 0;
    TrainingRequest stopped = request_;
    stopped.should_stop = [&] { return polls++ == 1; };  // one step an attempt
    ASSERT_FALSE(train(stopped));
    ASSERT_EQ(checkpoint_step(request_.checkpoint_path), attempt);
  }
  EXPECT_EQ(trained_bits(request_), whole);
}

TEST_F(Training, ADeathBetweenCheckpointsCostsOnlySteps) {
  const std::string whole = trained_bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  request_.training.checkpoint_every = 3;
  TrainingRequest dying = request_;
  dying.on_step = [](std::int64_t step) {
    if (step == 5) throw std::runtime_error("power cut");
  };
  EXPECT_THROW(static_cast<void>(train(dying)), std::runtime_error);
  EXPECT_EQ(checkpoint_step(request_.checkpoint_path), 3);
  std::vector<std::int64_t> steps;
  request_.on_step = [&](std::int64_t step) { steps.push_back(step); };
  EXPECT_EQ(trained_bits(request_), whole);
  EXPECT_THAT(steps, ElementsAre(4, 5, 6, 7, 8));
}

TEST_F(Training, AnotherTrainingsCheckpointIsNotContinued) {
  const std::string whole = trained_bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  TrainingRequest other = request_;
  other.seed = 99;
  int polls = 0;
  other.should_stop = [&] { return polls++ == 4; };
  ASSERT_FALSE(train(other));
  testing::internal::CaptureStderr();
  EXPECT_EQ(trained_bits(request_), whole);
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("belongs to another training"));
}

TEST_F(Training, ACheckpointThatCannotBeWrittenIsAnError) {
  request_.checkpoint_path = folder_ / "no/such/folder/checkpoint";
  request_.training.checkpoint_every = 1;
  const auto error = test::error_of([&] { return train(request_); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
}

class TrainingThreads : public testing::TestWithParam<std::int64_t> {};

/// Bits may depend on training.threads, never on how many trainings run beside each other.
TEST_P(TrainingThreads, ConcurrentTrainingsHaveTheBitsOfALoneOne) {
  const TemporaryFolder folder;
  TrainingRequest request = test::tiny_request(test::tiny_dataset(folder, 64));
  // Large enough that LibTorch, MKL and oneDNN split the work.
  request.architecture = test::mixing_architecture(96);
  request.training.steps = 6;
  request.training.seq_len = 64;
  request.training.batch_size = 8;
  request.training.threads = GetParam();
  const std::string alone = trained_bits(request);
  EXPECT_THAT(alone, HasSubstr("COMPLETE"));
  std::vector<std::string> together(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(together.size());
    for (std::string& bits : together) {
      threads.emplace_back([&bits, &request] { bits = trained_bits(request); });
    }
  }
  for (const std::string& bits : together) EXPECT_EQ(bits, alone);
}

INSTANTIATE_TEST_SUITE_P(ComputeThreads, TrainingThreads, testing::Values(1, 2));

TEST(RealText, FiftyStepsOnTinyShakespeare) {
  const char* data = std::getenv("NAS_DATA_DIR");
  const std::string path = data == nullptr ? "" : std::string(data) + "/tinyshakespeare/input.txt";
  if (path.empty() || !std::filesystem::exists(path)) GTEST_SKIP() << "skipped: no data";
  const TemporaryFolder folder;
  config::DataConfig config;
  config.corpus = path;
  TrainingRequest request = test::tiny_request(data::Dataset::load(config, 64, folder / "cache"));
  request.architecture = test::tiny_architecture(64, 2);
  request.training.steps = 50;
  request.training.seq_len = 64;
  request.training.batch_size = 16;
  request.training.optimizer.learning_rate = 1e-2;
  const TrainingResult result = test::trained(request);
  ASSERT_EQ(result.outcome.state, TrialState::kComplete);
  // Bytes drawn by their frequency alone would cost 4.7 bits.
  EXPECT_LT(result.outcome.value, 4.2);
  EXPECT_GT(result.outcome.value, 1.5);
}

}  // namespace
}  // namespace nas::train
