#include <c10/cuda/CUDACachingAllocator.h>
#include <gtest/gtest.h>

#include <set>
#include <thread>

#include "nas/nn/documents.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/ops/cuda.hpp"
#include "support/gpu.hpp"
#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

using space::TrialState;

std::int64_t allocated_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(0);
  return stats.allocated_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

std::int64_t reserved_bytes() {
  const auto stats = c10::cuda::CUDACachingAllocator::getDeviceStats(0);
  return stats.reserved_bytes[static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE)]
      .current;
}

class GpuTraining : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    NAS_TEST_REQUIRE_GPU();
    request_ = test::tiny_request(test::tiny_dataset(folder_));
    request_.architecture = test::tiny_architecture(64, 2);
    request_.training.steps = 60;
    request_.training.optimizer.learning_rate = 1e-2;
    request_.training.eval_every = 20;
    request_.lowering.device = "cuda:0";
    request_.lowering.bf16 = GetParam();
  }

  test::TemporaryFolder folder_;
  TrainingRequest request_;
};

TEST_P(GpuTraining, AgreesWithTheCpu) {
  const TrainingResult on_gpu = test::trained(request_);
  ASSERT_EQ(on_gpu.outcome.state, TrialState::kComplete) << on_gpu.outcome.detail;
  request_.lowering.device = "cpu";
  request_.lowering.bf16 = false;
  const TrainingResult on_cpu = test::trained(request_);
  // Trainings drift apart from rounding on; in bf16 (8-bit mantissa) sooner.
  EXPECT_NEAR(on_gpu.outcome.value, on_cpu.outcome.value, GetParam() ? 0.1 : 0.02);
}

TEST_P(GpuTraining, RepeatsAndResumesBitForBit) {
  const TrainingResult first = test::trained(request_);
  const TrainingResult second = test::trained(request_);
  EXPECT_EQ(first.weights_hash, second.weights_hash);
  EXPECT_EQ(first.outcome.intermediate, second.outcome.intermediate);
  request_.checkpoint_path = folder_ / "checkpoint";
  TrainingRequest stopped = request_;
  int polls = 0;
  stopped.should_stop = [&] { return polls++ == 27; };
  ASSERT_FALSE(train(stopped));
  EXPECT_EQ(checkpoint_step(request_.checkpoint_path), 27);
  const TrainingResult resumed = test::trained(request_);
  EXPECT_EQ(resumed.weights_hash, first.weights_hash);
  EXPECT_EQ(resumed.outcome.value, first.outcome.value);
  EXPECT_EQ(resumed.outcome.intermediate, first.outcome.intermediate);
}

TEST_P(GpuTraining, ACapturedStepHasTheBitsOfOneLaunchedKernelByKernel) {
  for (const char* optimizer : {"adamw", "adafactor"}) {
    request_.training.optimizer.name = optimizer;
    request_.architecture = test::mixing_architecture(64);
    request_.training.capture = true;
    const TrainingResult captured = test::trained(request_);
    ASSERT_EQ(captured.outcome.state, TrialState::kComplete) << captured.outcome.detail;
    request_.training.capture = false;
    const TrainingResult launched = test::trained(request_);
    EXPECT_EQ(captured.weights_hash, launched.weights_hash) << optimizer;
    EXPECT_EQ(captured.outcome.intermediate, launched.outcome.intermediate) << optimizer;
    EXPECT_EQ(captured.outcome.scores.at(2).name, "train_loss_nats");
    EXPECT_EQ(captured.outcome.scores.at(2).value, launched.outcome.scores.at(2).value);
  }
}

/// Texts of `bytes` bytes as documents, for windows of 16 tokens.
std::shared_ptr<const data::Dataset> documents_of(const test::TemporaryFolder& folder,
                                                  std::size_t bytes) {
  const std::string text = test::repetitive_text();
  const std::string name = "documents-" + std::to_string(bytes);
  for (std::size_t i = 0; i < 40; ++i) {
    folder.write(name + "/" + std::to_string(i) + ".txt", text.substr(i * bytes, bytes));
  }
  config::DataConfig data;
  data.corpus = folder / name;
  data.validation_share = 0.1;
  return data::Dataset::load(data, 16, folder / "documents");
}

/// Long ones leave some batches whole, short ones cut all windows into more pieces than graphs are
/// made for; most lie between.
TEST_P(GpuTraining, DocumentsAreCapturedWithTheBitsOfLaunchedOnes) {
  request_.architecture = test::mixing_architecture(64);
  for (const std::size_t bytes : {std::size_t{900}, std::size_t{60}, std::size_t{12}}) {
    request_.dataset = documents_of(folder_, bytes);
    std::set<std::int64_t> rows;
    for (std::uint32_t step = 0; step < 60; ++step) {
      const auto pieces = nn::cut_at_documents(
          request_.dataset->train_document_starts(request_.seed, request_.repeat, step,
                                                  request_.training.batch_size),
          nn::PieceShapes::kFewKinds);
      rows.insert(pieces ? nn::rows_of_whole_windows(*pieces, 16).value_or(-1) : 0);
    }
    EXPECT_GE(rows.size(), 2);
    EXPECT_TRUE(bytes != 900 || rows.contains(0));
    EXPECT_TRUE(bytes != 12 || rows.contains(-1));
    request_.training.capture = true;
    const TrainingResult captured = test::trained(request_);
    ASSERT_EQ(captured.outcome.state, TrialState::kComplete) << captured.outcome.detail;
    request_.training.capture = false;
    const TrainingResult launched = test::trained(request_);
    EXPECT_EQ(captured.weights_hash, launched.weights_hash) << bytes;
    EXPECT_EQ(captured.outcome.value, launched.outcome.value) << bytes;
    EXPECT_EQ(captured.outcome.intermediate, launched.outcome.intermediate) << bytes;
  }
}

/// The last batch of validation windows may be a smaller one.
TEST_P(GpuTraining, AnEvaluationInGraphsIsTheOneLaunched) {
  for (const std::int64_t batches : {1, 3}) {
    request_.training.eval_batches = batches;
    request_.training.batch_size = 7;
    request_.training.capture = true;
    const TrainingResult captured = test::trained(request_);
    request_.training.capture = false;
    const TrainingResult launched = test::trained(request_);
    EXPECT_EQ(captured.outcome.value, launched.outcome.value) << batches;
    EXPECT_EQ(captured.outcome.intermediate.size(), 2);
    EXPECT_EQ(captured.outcome.intermediate, launched.outcome.intermediate) << batches;
  }
}

TEST_P(GpuTraining, ManyArchitecturesOneAfterTheOtherLeaveNoMemoryBehind) {
  request_.training.steps = 6;
  request_.training.eval_every = 0;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < 200; ++i) {
    const auto width = static_cast<std::int64_t>(32 + 16 * (i % (i % 2 ? 7 : 5)));
    request_.architecture =
        i % 2 ? test::mixing_architecture(width) : test::tiny_architecture(width, 1 + i % 3);
    const TrainingResult result = test::trained(request_);
    ASSERT_EQ(result.outcome.state, TrialState::kComplete) << result.outcome.detail;
    if (i == 1) before = allocated_bytes();
  }
  EXPECT_EQ(allocated_bytes(), before);
  // One training takes over the memory of the one before.
  constexpr std::int64_t kMuch = std::int64_t{1} << 30U;
  EXPECT_LT(reserved_bytes(), kMuch);
}

/// Kernels with atomics hide in the backward passes of convolutions, shifts and sums over time.
TEST_P(GpuTraining, RepeatsBitForBitWithEveryWayOfMixingTime) {
  request_.architecture = test::mixing_architecture(64);
  request_.training.steps = 20;
  const TrainingResult first = test::trained(request_);
  ASSERT_EQ(first.outcome.state, TrialState::kComplete) << first.outcome.detail;
  EXPECT_EQ(test::trained(request_).weights_hash, first.weights_hash);
}

TEST_P(GpuTraining, ConcurrentTrainingsHaveTheBitsOfALoneOne) {
  const std::string alone = test::trained(request_).weights_hash;
  std::vector<std::string> together(4);
  {
    std::vector<std::jthread> threads;
    threads.reserve(together.size());
    for (std::string& hash : together) {
      threads.emplace_back([&] { hash = test::trained(request_).weights_hash; });
    }
  }
  for (const std::string& hash : together) EXPECT_EQ(hash, alone);
}

TEST_P(GpuTraining, ReportsTheFirstBadStepThoughItLooksLater) {
  request_.training.optimizer.learning_rate = 1e30;
  request_.training.schedule.warmup_steps = 0;
  request_.training.eval_every = 0;
  const TrainingResult result = test::trained(request_);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "nan");
  EXPECT_EQ(result.outcome.detail, "step 2: loss or gradient norm is not finite");
}

TEST_P(GpuTraining, RunningOutOfMemoryIsAnOutcomeThatFreesEverything) {
  ASSERT_EQ(test::trained(request_).outcome.state, TrialState::kComplete);
  const std::int64_t before = allocated_bytes();
  TrainingRequest huge = request_;
  huge.architecture.model.vocab_size = std::int64_t{1} << 23U;
  huge.architecture.model.model_dim = std::int64_t{1} << 15U;  // 1 TiB of embedding
  const TrainingResult result = test::trained(huge);
  EXPECT_EQ(result.outcome.state, TrialState::kFail);
  EXPECT_EQ(result.outcome.reason, "oom");
  EXPECT_EQ(allocated_bytes(), before);
  EXPECT_EQ(test::trained(request_).outcome.state, TrialState::kComplete);
  EXPECT_EQ(allocated_bytes(), before);
}

INSTANTIATE_TEST_SUITE_P(Precision, GpuTraining, testing::Values(false, true),
                         [](const auto& test) { return test.param ? "bf16" : "fp32"; });

}  // namespace
}  // namespace nas::train
