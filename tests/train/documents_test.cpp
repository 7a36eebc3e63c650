#include <ATen/Functions.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>

#include "train/tiny_training.hpp"

namespace nas::train {
namespace {

using test::TemporaryFolder;

constexpr std::int64_t kSeq = 16;

/// A folder of files of 7 to 42 bytes: most windows hold several.
class DocumentTraining : public testing::Test {
 protected:
  DocumentTraining() {
    const std::string text = test::repetitive_text();
    for (std::size_t i = 0; i < 300; ++i) {
      folder_.write("corpus/" + std::to_string(i) + ".txt", text.substr(i * 60, 7 * (1 + i % 6)));
    }
    request_ = test::tiny_request(dataset(true));
    request_.architecture = test::mixing_architecture(16);
  }

  [[nodiscard]] std::shared_ptr<const data::Dataset> dataset(bool document_mask) const {
    config::DataConfig config;
    config.corpus = folder_ / "corpus";
    config.validation_share = 0.1;
    config.document_mask = document_mask;
    return data::Dataset::load(config, kSeq, folder_ / "cache");
  }

  static std::string bits(const TrainingRequest& request) {
    const std::optional<TrainingResult> result = train(request);
    if (!result) return "stopped";
    char value[64];
    std::snprintf(value, sizeof value, " %a", result->outcome.value);
    return result->weights_hash + value;
  }

  TemporaryFolder folder_;
  TrainingRequest request_;
};

TEST_F(DocumentTraining, ResumesBitForBitFromEveryStep) {
  const std::string whole = bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  for (std::int64_t stop = 0; stop < request_.training.steps; ++stop) {
    std::int64_t polls = 0;
    TrainingRequest stopped = request_;
    stopped.should_stop = [&] { return polls++ == stop; };
    ASSERT_FALSE(train(stopped)) << stop;
    EXPECT_EQ(checkpoint_step(request_.checkpoint_path), stop);
    EXPECT_EQ(bits(request_), whole) << "after a stop at step " << stop;
    std::filesystem::remove(request_.checkpoint_path);
  }
}

TEST_F(DocumentTraining, TheMaskChangesWhatIsLearned) {
  const std::string masked = bits(request_);
  request_.dataset = dataset(false);
  EXPECT_NE(bits(request_), masked);
}

TEST_F(DocumentTraining, ACheckpointOfTheOtherMaskIsNotContinued) {
  const std::string masked = bits(request_);
  request_.checkpoint_path = folder_ / "checkpoint";
  TrainingRequest unmasked = request_;
  unmasked.dataset = dataset(false);
  std::int64_t polls = 0;
  unmasked.should_stop = [&] { return polls++ == 3; };
  ASSERT_FALSE(train(unmasked));
  EXPECT_EQ(bits(request_), masked);
}

/// By the definition: each document of each window alone.
TEST_F(DocumentTraining, TheValidationLossIsThatOfEachDocumentAlone) {
  const at::NoGradGuard no_grad;
  nn::Model model(request_.architecture, {});
  model.initialise(3, 0);
  const data::Windows windows = request_.dataset->validation_windows(12, "cpu");
  ASSERT_TRUE(windows.document_starts.defined());
  double sum = 0;
  for (std::int64_t row = 0; row < 12; ++row) {
    for (std::int64_t first = 0; first < kSeq;) {
      std::int64_t end = first + 1;
      const auto begins = [&](std::int64_t t) {
        return windows.document_starts[row][t].item<std::int64_t>() == t;
      };
      while (end < kSeq && !begins(end)) ++end;
      const at::Tensor tokens = windows.tokens.narrow(0, row, 1);
      const at::Tensor logits = model.forward(tokens.slice(1, first, end).contiguous());
      sum += at::cross_entropy_loss(logits[0].to(at::kDouble),
                                    tokens[0].slice(0, first + 1, end + 1), {}, at::Reduction::Sum)
                 .item<double>();
      first = end;
    }
  }
  for (const std::int64_t batch : {1, 5, 12}) {
    EXPECT_NEAR(evaluate_nats(model, windows, batch), sum / (12 * kSeq), 1e-5) << batch;
  }
  EXPECT_GT(std::abs(evaluate_nats(model, {windows.tokens, {}}, 12) - sum / (12 * kSeq)), 1e-4);
}

}  // namespace
}  // namespace nas::train
