#include "nas/data/dataset.hpp"

#include <ATen/Functions.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "data/token_dataset.hpp"
#include "nas/core/error.hpp"
#include "nas/ops/cuda.hpp"
#include "support/error_of.hpp"
#include "support/gpu.hpp"
#include "support/temporary_folder.hpp"

namespace nas::data {
namespace {

using test::message_of;
using test::TemporaryFolder;
using testing::HasSubstr;

/// A text of 2,000 bytes in which byte i tells i mod 100; the last fifth is validation.
std::string counting_text() {
  std::string text;
  for (int i = 0; i < 2000; ++i) text += static_cast<char>(i % 100 == 99 ? '\n' : '!' + i % 90);
  return text;
}

std::shared_ptr<const Dataset> load(const TemporaryFolder& folder, const std::string& text,
                                    std::int64_t seq_len, config::TokenizerConfig tokenizer = {}) {
  config::DataConfig config;
  config.corpus = folder.write("text.txt", text);
  config.validation_share = 0.2;
  config.tokenizer = std::move(tokenizer);
  return Dataset::load(config, seq_len, folder / "cache");
}

std::vector<std::int64_t> row(const at::Tensor& windows, std::int64_t i) {
  const at::Tensor values = windows.select(0, i).cpu().contiguous();
  const std::int64_t* begin = values.const_data_ptr<std::int64_t>();
  return {begin, begin + values.numel()};
}

std::string as_text(const std::vector<std::int64_t>& ids) {
  std::string text;
  for (const std::int64_t id : ids) text += static_cast<char>(id);
  return text;
}

TEST(Dataset, KnowsItsParts) {
  const TemporaryFolder folder;
  const auto dataset = load(folder, counting_text(), 16);
  EXPECT_EQ(dataset->train_tokens(), 1600);
  EXPECT_EQ(dataset->validation_tokens(), 400);
  EXPECT_EQ(dataset->tokenizer().vocab_size(), 256);
  EXPECT_EQ(dataset->description(),
            folder / "text.txt" +
                ": 1.95 KiB of text, bytes, 1.6 k training and 400 validation tokens, 2 documents");
}

TEST(Dataset, TrainingWindowsAreDrawnByKey) {
  const TemporaryFolder folder;
  const std::string text = counting_text();
  const auto dataset = load(folder, text, 16);
  const at::Tensor windows = dataset->train_batch(7, 2, 5, 6, "cpu").tokens;
  ASSERT_EQ(windows.sizes(), at::IntArrayRef({6, 17}));
  ASSERT_EQ(windows.scalar_type(), at::kLong);
  for (std::int64_t i = 0; i < 6; ++i) {
    // The definition: 64 bits of the draw, scaled to the positions of a whole window.
    const PhiloxCounter words =
        draw({7, Purpose::kBatchOrder, 2, 5}, static_cast<std::uint32_t>(i));
    const double share =
        (static_cast<double>(words[1]) + static_cast<double>(words[0]) * 0x1p-32) * 0x1p-32;
    const auto start = static_cast<std::size_t>(share * (1600 - 16));
    EXPECT_EQ(as_text(row(windows, i)), text.substr(start, 17));
  }
  EXPECT_TRUE(at::equal(windows, dataset->train_batch(7, 2, 5, 6, "cpu").tokens));
  EXPECT_TRUE(at::equal(windows.narrow(0, 0, 3), dataset->train_batch(7, 2, 5, 3, "cpu").tokens));
  EXPECT_FALSE(at::equal(windows, dataset->train_batch(8, 2, 5, 6, "cpu").tokens));
  EXPECT_FALSE(at::equal(windows, dataset->train_batch(7, 3, 5, 6, "cpu").tokens));
  EXPECT_FALSE(at::equal(windows, dataset->train_batch(7, 2, 6, 6, "cpu").tokens));
}

TEST(Dataset, TrainingWindowsStartEverywhereEquallyOften) {
  constexpr std::int64_t kPositions = 20;
  constexpr int kDraws = 40000;
  std::vector<int> counts(kPositions);
  for (const std::int64_t start :
       training_starts({3, Purpose::kBatchOrder, 0, 0}, kDraws, kPositions)) {
    ASSERT_GE(start, 0);
    ASSERT_LT(start, kPositions);
    ++counts[static_cast<std::size_t>(start)];
  }
  double chi_square = 0;
  for (const int count : counts) {
    const double difference = count - double{kDraws} / kPositions;
    chi_square += difference * difference / (double{kDraws} / kPositions);
  }
  EXPECT_LT(chi_square, 43.8);  // 19 degrees of freedom, p = 0.001
}

TEST(Dataset, ALongCorpusIsReachedToItsEnd) {
  constexpr std::int64_t kPositions = std::int64_t{1} << 40U;
  const auto starts = training_starts({3, Purpose::kBatchOrder, 0, 0}, 1000, kPositions);
  EXPECT_GT(*std::max_element(starts.begin(), starts.end()), kPositions / 1000 * 990);
  EXPECT_EQ(std::set<std::int64_t>(starts.begin(), starts.end()).size(), 1000U);
}

TEST(Dataset, TheShortestCorpusHasOneWindow) {
  const TemporaryFolder folder;
  const auto dataset = load(folder, std::string(16, 'a') + "\n" + std::string(16, 'b') + "\n", 16);
  const at::Tensor windows = dataset->train_batch(1, 0, 0, 4, "cpu").tokens;
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(as_text(row(windows, i)), std::string(16, 'a') + "\n");
  }
}

TEST(Dataset, ValidationWindowsAreEvenlySpacedAndDoNotOverlap) {
  const TemporaryFolder folder;
  const std::string text = counting_text();
  const auto dataset = load(folder, text, 16);
  const at::Tensor all = dataset->validation_windows(1000, "cpu").tokens;
  ASSERT_EQ(all.size(0), 24);  // floor(399 / 16)
  for (std::int64_t i = 0; i < 24; ++i) {
    EXPECT_EQ(as_text(row(all, i)), text.substr(1600 + static_cast<std::size_t>(i) * 16, 17));
  }
  const at::Tensor some = dataset->validation_windows(5, "cpu").tokens;
  ASSERT_EQ(some.size(0), 5);
  for (std::int64_t i = 0; i < 5; ++i) {
    EXPECT_TRUE(at::equal(some.select(0, i), all.select(0, i * 24 / 5)));
  }
}

TEST(Dataset, TargetBytesAreTheTextOfTheTargets) {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 500; ++i) text += "the value number " + std::to_string(i) + " is large\n";
  const auto bytes = load(folder, text, 16);
  EXPECT_EQ(bytes->target_bytes(bytes->validation_windows(3, "cpu")), 48);
  const auto pieces = load(folder, text, 16, {"sentencepiece", 320});
  const Windows windows = pieces->validation_windows(4, "cpu");
  std::size_t expected = 0;
  for (std::int64_t i = 0; i < 4; ++i) {
    std::vector<std::int32_t> targets;
    for (const std::int64_t id : row(windows.tokens, i))
      targets.push_back(static_cast<std::int32_t>(id));
    targets.erase(targets.begin());
    expected += pieces->tokenizer().decode(targets).size();
  }
  EXPECT_EQ(pieces->target_bytes(windows), static_cast<std::int64_t>(expected));
  EXPECT_GT(expected, 64U);
}

TEST(Dataset, HashKnowsTokensSplitAndTokenizer) {
  const TemporaryFolder folder;
  const std::string text = counting_text();
  const Hash128 before = load(folder, text, 16)->hash();
  EXPECT_EQ(load(folder, text, 8)->hash(), before);
  EXPECT_NE(load(folder, text, 16, {"sentencepiece", 360})->hash(), before);
  EXPECT_NE(load(folder, text + text, 16)->hash(), before);
}

TEST(Dataset, ShortCorporaAreRefused) {
  const TemporaryFolder folder;
  const std::string path = folder / "text.txt";
  EXPECT_EQ(message_of([&] { return load(folder, "ab\ncd\n", 16); }),
            "data.corpus = \"" + path +
                "\": its training part has 3 tokens, a window of "
                "training.seq_len = 16 needs 17");
  EXPECT_EQ(message_of([&] { return load(folder, std::string(60, 'a') + "\nbb\n", 16); }),
            "data.corpus = \"" + path +
                "\": its validation part has 3 tokens, a window of "
                "training.seq_len = 16 needs 17");
}

TEST(Dataset, CacheFolderFollowsTheEnvironment) {
  const test::ScopedEnvironment home("HOME", "/home/somebody");
  {
    const test::ScopedEnvironment cache("XDG_CACHE_HOME", "/var/cache/x");
    EXPECT_EQ(default_cache_folder(), "/var/cache/x/nas/data");
  }
  const test::ScopedEnvironment cache("XDG_CACHE_HOME", "");
  EXPECT_EQ(default_cache_folder(), "/home/somebody/.cache/nas/data");
}

TEST(GpuDataset, GathersTheSameWindowsOnTheDevice) {
  NAS_TEST_REQUIRE_GPU();
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "the value number " + std::to_string(i) + " is large\n";
  for (const config::TokenizerConfig& tokenizer :
       {config::TokenizerConfig{}, config::TokenizerConfig{"sentencepiece", 400}}) {
    const auto dataset = load(folder, text, 32, tokenizer);
    for (std::uint32_t step = 0; step < 20; ++step) {
      const at::Tensor on_device = dataset->train_batch(5, 1, step, 8, "cuda:0").tokens;
      EXPECT_TRUE(on_device.is_cuda());
      EXPECT_TRUE(at::equal(on_device.cpu(), dataset->train_batch(5, 1, step, 8, "cpu").tokens));
      const at::Tensor gathered = at::zeros_like(on_device);
      const at::Tensor number = at::full({}, std::int64_t{step}, gathered.options());
      EXPECT_TRUE(dataset->gather_train_batch(5, 1, number, gathered));
      EXPECT_TRUE(at::equal(gathered, on_device));
    }
    EXPECT_TRUE(at::equal(dataset->validation_windows(7, "cuda:0").tokens.cpu(),
                          dataset->validation_windows(7, "cpu").tokens));
  }
}

}  // namespace
}  // namespace nas::data
