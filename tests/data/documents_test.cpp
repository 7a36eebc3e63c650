#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/token_cache.hpp"
#include "data/token_dataset.hpp"
#include "nas/core/files.hpp"
#include "support/temporary_folder.hpp"

namespace nas::data {
namespace {

using test::TemporaryFolder;

constexpr std::uint64_t kSeed = 5;

/// A text of words, line ends and a mark that SentencePiece would change.
std::string random_text(DrawCursor& cursor, std::uint32_t most_words) {
  static const std::vector<std::string> words{"return",       " value", "(self)", "\n",
                                              "    ",         "x",      " == ",   "\xC3\xA9",
                                              "\xE2\x96\x81", "\t",     "0"};
  std::string text(1, static_cast<char>('a' + cursor.below(26)));
  for (std::uint32_t i = cursor.below(most_words); i > 0; --i) {
    text += words[cursor.below(static_cast<std::uint32_t>(words.size()))];
  }
  return text;
}

/// A folder of random files: some of a single byte, some longer than a piece of the tokenizer.
config::DataConfig random_corpus(const TemporaryFolder& folder, DrawCursor& cursor,
                                 std::uint32_t most_words) {
  const std::uint32_t files = 30 + cursor.below(40);
  for (std::uint32_t i = 0; i < files; ++i) {
    folder.write("corpus/" + std::to_string(i) + ".txt",
                 random_text(cursor, cursor.below(3) == 0 ? 1 + cursor.below(3) : most_words));
  }
  config::DataConfig config;
  config.corpus = folder / "corpus";
  config.validation_share = 0.3;
  return config;
}

std::string decoded(const Tokenizer& tokenizer, const TokenSpan& tokens, std::int64_t begin,
                    std::int64_t end) {
  std::vector<std::int32_t> ids;
  for (std::int64_t i = begin; i < end; ++i) ids.push_back(static_cast<std::int32_t>(tokens.at(i)));
  return tokenizer.decode(ids);
}

/// Each document decodes to its file's text, after the separator that opens all but a part's first.
void expect_documents_are_files(const config::DataConfig& config, const TokenFileView& view) {
  const CorpusListing listing = list_corpus(config);
  const auto tokenizer = load_tokenizer(std::string(view.tokenizer));
  for (const Part part : {Part::kTrain, Part::kValidation}) {
    const TokenSpan& tokens = view.part(part);
    const DocumentSpan& documents =
        part == Part::kTrain ? view.train_documents : view.validation_documents;
    std::int64_t next = 0;
    for (const CorpusFile& file : listing.files) {
      const bool is_here =
          is_validation_file(file.name, config.validation_share) == (part == Part::kValidation);
      if (!is_here) continue;
      ASSERT_LT(next, documents.count);
      const std::int64_t end = next + 1 < documents.count ? documents.at(next + 1) : tokens.count;
      const std::string separator(next == 0 ? 0 : 1, '\0');
      ASSERT_EQ(decoded(*tokenizer, tokens, documents.at(next), end),
                separator + read_file(file.path))
          << file.name;
      ++next;
    }
    EXPECT_EQ(next, documents.count);
  }
}

TEST(DocumentStarts, SurviveTokenisation) {
  for (std::uint64_t index = 0; index < 12; ++index) {
    DrawCursor cursor({kSeed, Purpose::kTest, index, 0});
    const TemporaryFolder folder;
    config::DataConfig config = random_corpus(folder, cursor, 400);
    if (index % 6 == 5) config.tokenizer = {"sentencepiece", 340};
    const auto tokens = open_or_make_tokens(config, folder / "cache");
    expect_documents_are_files(config, tokens->view());
    EXPECT_FALSE(testing::Test::HasFailure()) << "seed " << kSeed << " index " << index;
  }
}

TEST(DocumentStarts, SurviveFilesOfSeveralEncodedPieces) {
  const TemporaryFolder folder;
  DrawCursor cursor({kSeed, Purpose::kTest, 100, 0});
  const config::DataConfig config = random_corpus(folder, cursor, 50);
  folder.write("corpus/zz.txt", std::string(700'000, 'z') + "\n" + std::string(300'000, 'y'));
  const auto tokens = open_or_make_tokens(config, folder / "cache");
  expect_documents_are_files(config, tokens->view());
}

/// The documents' texts of a part, separators included.
std::vector<std::string> texts_of(const TokenFileView& view, Part part) {
  const auto tokenizer = load_tokenizer(std::string(view.tokenizer));
  const TokenSpan& tokens = view.part(part);
  const DocumentSpan& documents =
      part == Part::kTrain ? view.train_documents : view.validation_documents;
  std::vector<std::string> texts;
  for (std::int64_t i = 0; i < documents.count; ++i) {
    const std::int64_t end = i + 1 < documents.count ? documents.at(i + 1) : tokens.count;
    texts.push_back(decoded(*tokenizer, tokens, documents.at(i), end));
  }
  return texts;
}

TEST(DocumentStarts, StandBetweenSeparatorLines) {
  const TemporaryFolder folder;
  config::DataConfig config;
  config.corpus = folder.write("text.txt",
                               "<end>\none\ntwo\n<end>\n<end>\r\n <end>\nthree <end>\n<end>\nfour"
                               "\n<end>\nv1\n<end>\nv2\n<end>");
  config.validation_share = 0.25;  // 20 of 80 bytes
  config.document_separator = "<end>";
  const auto file = open_or_make_tokens(config, folder / "cache");
  const std::vector<std::string> train{"one\ntwo\n", std::string("\0 <end>\nthree <end>\n", 20),
                                       std::string("\0four\n", 6)};
  EXPECT_EQ(texts_of(file->view(), Part::kTrain), train);
  const std::vector<std::string> validation{"v1\n", std::string("\0v2\n", 4)};
  EXPECT_EQ(texts_of(file->view(), Part::kValidation), validation);
  config.document_separator = "";
  const auto whole = open_or_make_tokens(config, folder / "cache");
  EXPECT_EQ(whole->view().train_documents.count, 1);
}

/// By the definition, from the file: where in a window that begins at `begin` each token's document
/// begins.
std::vector<std::int32_t> starts_by_loop(const DocumentSpan& documents, std::int64_t begin,
                                         std::int64_t seq) {
  std::vector<std::int32_t> starts;
  for (std::int64_t token = begin; token < begin + seq; ++token) {
    std::int64_t start = 0;
    for (std::int64_t i = 0; i < documents.count && documents.at(i) <= token; ++i) {
      start = std::max(start, documents.at(i) - begin);
    }
    starts.push_back(static_cast<std::int32_t>(start));
  }
  return starts;
}

/// Returns whether a document begins inside a window.
bool expect_starts(const Windows& windows, const DocumentSpan& documents,
                   const std::vector<std::int64_t>& begins) {
  const std::int64_t seq = windows.tokens.size(1) - 1;
  std::vector<std::int32_t> expected;
  for (const std::int64_t begin : begins) {
    for (const std::int32_t start : starts_by_loop(documents, begin, seq))
      expected.push_back(start);
  }
  const bool has_boundary =
      std::any_of(expected.begin(), expected.end(), [](std::int32_t start) { return start != 0; });
  EXPECT_EQ(windows.document_starts.defined(), has_boundary);
  if (has_boundary) {
    const at::Tensor all = at::tensor(expected, at::kInt).view({-1, seq});
    EXPECT_TRUE(at::equal(windows.document_starts, all));
  }
  return has_boundary;
}

TEST(DocumentStarts, ComeWithTheWindows) {
  constexpr std::int64_t kSeq = 24;
  const TemporaryFolder folder;
  DrawCursor cursor({kSeed, Purpose::kTest, 200, 0});
  config::DataConfig config = random_corpus(folder, cursor, 200);
  const auto file = open_or_make_tokens(config, folder / "cache");
  const TokenFileView& view = file->view();
  const auto masked = Dataset::load(config, kSeq, folder / "cache");
  config.document_mask = false;
  const auto unmasked = Dataset::load(config, kSeq, folder / "cache");
  int with_boundary = 0;
  constexpr std::uint32_t kSteps = 40;
  for (std::uint32_t step = 0; step < kSteps; ++step) {
    const Windows windows = masked->train_batch(3, 1, step, 2, "cpu");
    const Windows same = unmasked->train_batch(3, 1, step, 2, "cpu");
    EXPECT_TRUE(at::equal(windows.tokens, same.tokens));
    EXPECT_FALSE(same.document_starts.defined());
    const auto begins =
        training_starts({3, Purpose::kBatchOrder, 1, step}, 2, view.train.count - kSeq);
    with_boundary += expect_starts(windows, view.train_documents, begins) ? 1 : 0;
  }
  EXPECT_GT(with_boundary, 0);
  EXPECT_LT(with_boundary, static_cast<int>(kSteps));

  const std::int64_t count = (view.validation.count - 1) / kSeq;
  const Windows windows = masked->validation_windows(count, "cpu");
  std::vector<std::int64_t> begins;
  for (std::int64_t i = 0; i < count; ++i) begins.push_back(i * kSeq);
  EXPECT_TRUE(expect_starts(windows, view.validation_documents, begins));
  // Every target counts, the separators too.
  EXPECT_EQ(masked->target_bytes(windows), count * kSeq);
  EXPECT_FALSE(unmasked->validation_windows(count, "cpu").document_starts.defined());
}

TEST(DocumentStarts, DecideTheHashOfAMaskedDatasetAlone) {
  const TemporaryFolder folder;
  TokenFileContents contents;
  contents.tokenizer = "bytes";
  contents.vocab_size = 256;
  contents.train = {1, 2, 3, 4, 5, 6};
  contents.validation = {1, 2, 3};
  contents.validation_documents = {0};
  std::vector<Hash128> masked;
  std::vector<Hash128> unmasked;
  for (const std::vector<std::int64_t>& documents :
       {std::vector<std::int64_t>{0}, std::vector<std::int64_t>{0, 4}}) {
    contents.train_documents = documents;
    write_token_file(folder / "t.tokens", contents);
    for (const bool mask : {true, false}) {
      const TokenDataset dataset(std::make_unique<const TokenFile>(folder / "t.tokens"),
                                 {"corpus", 2, mask});
      (mask ? masked : unmasked).push_back(dataset.hash());
    }
  }
  EXPECT_NE(masked[0], masked[1]);
  EXPECT_EQ(unmasked[0], unmasked[1]);
  EXPECT_NE(masked[0], unmasked[0]);
}

}  // namespace
}  // namespace nas::data
