#include "nas/data/tokenizer.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>

#include "data/tokenizer_forms.hpp"
#include "data/utf8.hpp"
#include "nas/core/built_program.hpp"
#include "nas/core/child_program.hpp"
#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "python_sample.hpp"
#include "support/error_of.hpp"

namespace nas::data {
namespace {

using test::message_of;
using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::uint64_t kSeed = 20261122;

/// Checks decode(encode(x)) == x and that the ids stand for exactly the bytes of x; their number.
std::size_t expect_lossless(const Tokenizer& tokenizer, const std::string& text) {
  const std::vector<std::int32_t> ids = tokenizer.encode(text);
  EXPECT_EQ(tokenizer.decode(ids), text);
  const std::vector<std::int32_t> bytes = tokenizer.bytes_of_tokens();
  std::int64_t sum = 0;
  for (const std::int32_t id : ids) sum += bytes.at(static_cast<std::size_t>(id));
  EXPECT_EQ(sum, static_cast<std::int64_t>(text.size()));
  return ids.size();
}

std::string random_bytes(std::uint64_t index, std::size_t size) {
  DrawCursor cursor({kSeed, Purpose::kTest, index, 0});
  std::string bytes;
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(cursor.below(256));
  return bytes;
}

/// Pieces that SentencePiece treats in a special way, in a drawn order.
std::string random_mixture(std::uint64_t index, std::uint32_t parts) {
  static const std::string pieces[] = {" ",
                                       "  ",
                                       "\xE2\x96\x81",
                                       "\xE2\x96",
                                       "\xE2",
                                       std::string("\0", 1),
                                       "\t",
                                       "\n",
                                       "\r\n",
                                       "<unk>",
                                       "<0x0A>",
                                       "<s>",
                                       "</s>",
                                       "\xC3\xA9",
                                       "\xF0\x9F\x98\x80",
                                       "\xEF\xBF\xBD",
                                       "\xEF\xBB\xBF",
                                       "\xFF",
                                       "self",
                                       "    def ",
                                       "return",
                                       "\xE3\x80\x80",
                                       "\xC2\xA0",
                                       "e\xCC\x81"};
  DrawCursor cursor({kSeed, Purpose::kTest, index, 1});
  std::string text;
  for (std::uint32_t i = 0; i < parts; ++i) {
    text += pieces[cursor.below(static_cast<std::uint32_t>(std::size(pieces)))];
  }
  return text;
}

/// One SentencePiece model for all tests, trained on 600 kB of Python.
const Tokenizer& trained() {
  static const std::unique_ptr<Tokenizer> tokenizer =
      train_sentencepiece(test::python_sample(600'000), 1024);
  return *tokenizer;
}

TEST(ByteTokenizer, HasOneIdForEachByte) {
  const std::unique_ptr<Tokenizer> tokenizer = make_byte_tokenizer();
  EXPECT_EQ(tokenizer->vocab_size(), 256);
  EXPECT_THAT(tokenizer->encode("a\xFF"), ElementsAre(97, 255));
  EXPECT_EQ(tokenizer->serialised(), "bytes");
  EXPECT_EQ(message_of([&] {
              return tokenizer->decode({1, 256});
            }),
            "token 256 is outside the vocabulary, [0, 255]");
  EXPECT_THROW(static_cast<void>(tokenizer->decode({-1})), Error);
  for (std::uint64_t i = 0; i < 20; ++i) expect_lossless(*tokenizer, random_bytes(i, 1000));
}

TEST(SentencePiece, IsLosslessOnTheWholePythonCorpus) {
  const Tokenizer& tokenizer = trained();
  EXPECT_EQ(tokenizer.vocab_size(), 1024);
  std::size_t tokens = 0;
  std::size_t bytes = 0;
  for (const std::string& text : test::python_sample(0)) {
    tokens += expect_lossless(tokenizer, text);
    if (testing::Test::HasFailure()) return;
    bytes += text.size();
  }
  EXPECT_EQ(bytes, 41'335'867U);
  EXPECT_LT(tokens, bytes / 2);  // it does compress
}

TEST(SentencePiece, IsLosslessOnAnyBytes) {
  const Tokenizer& tokenizer = trained();
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  for (std::uint64_t i = 0; i < 200; ++i) {
    expect_lossless(tokenizer, random_bytes(i, static_cast<std::size_t>(1 + i)));
    expect_lossless(tokenizer, random_mixture(i, static_cast<std::uint32_t>(1 + i)));
    if (testing::Test::HasFailure()) return;
  }
  for (const char* text : {"", " ", "   ", "\n", " \n ", "x", "\xE2\x96\x81", "\t\t"}) {
    expect_lossless(tokenizer, text);
  }
}

std::string framed(const std::vector<std::string>& items) {
  std::string input;
  for (const std::string& item : items) {
    const std::uint64_t size = item.size();
    input.append(reinterpret_cast<const char*>(&size), sizeof size);
    input += item;
  }
  return input;
}

/// Lists of ids as libsentencepiece's own encoder gives them.
std::string encoded_by_library(const std::string& model, std::vector<std::string> texts) {
  texts.insert(texts.begin(), model);
  const ProgramResult result =
      run_program({built_program("nas-sentencepiece"), "encode"}, framed(texts));
  EXPECT_EQ(result.exit_code, 0) << result.errors;
  return result.output;
}

std::string encoded_by_us(const Tokenizer& tokenizer, const std::vector<std::string>& texts) {
  std::string output;
  for (const std::string& text : texts) {
    const std::vector<std::int32_t> ids = tokenizer.encode(text);
    const std::uint64_t size = ids.size() * sizeof(std::int32_t);
    output.append(reinterpret_cast<const char*>(&size), sizeof size);
    output.append(reinterpret_cast<const char*>(ids.data()), size);
  }
  return output;
}

TEST(SentencePiece, GivesTheIdsOfItsLibrary) {
  std::vector<std::string> texts = test::python_sample(2'000'000);
  // Texts are cut at 512 KiB here and not there; files of the sample are smaller.
  for (const std::string& text : texts) ASSERT_EQ(encoding_pieces(text).size(), 1U);
  for (std::uint64_t i = 0; i < 200; ++i) {
    DrawCursor cursor({kSeed, Purpose::kTest, i, 2});
    std::string text;
    for (int j = 0; j < 200; ++j) text += static_cast<char>(' ' + cursor.below(95));
    for (int j = 0; j < 20; ++j) text += j % 2 == 0 ? "  \xC3\xA9\xE6\x97\xA5" : "aaaaa    a";
    texts.push_back(text);
  }
  EXPECT_TRUE(encoded_by_us(trained(), texts) == encoded_by_library(trained().serialised(), texts));
}

TEST(SentencePiece, KeepsWhatItsDefaultsDestroy) {
  const Tokenizer& tokenizer = trained();
  const std::string code =
      "class A:\n    def f(self):\n        return  1  \n\n\n\tx = '\xEF\xAC\x81'\n";
  expect_lossless(tokenizer, code);
  // Indentation of each depth is one piece.
  EXPECT_EQ(tokenizer.encode("        ").size(), 1U);
}

TEST(SentencePiece, SerialisedFormGivesTheSameTokenizer) {
  const std::unique_ptr<Tokenizer> again = load_tokenizer(trained().serialised());
  const std::string text = "import torch\nfrom torch import nn\n";
  EXPECT_EQ(again->encode(text), trained().encode(text));
  EXPECT_EQ(again->bytes_of_tokens(), trained().bytes_of_tokens());
  EXPECT_EQ(load_tokenizer("bytes")->vocab_size(), 256);
}

TEST(SentencePiece, TrainingIsAFunctionOfItsText) {
  const std::vector<std::string> texts = test::python_sample(100'000);
  EXPECT_EQ(train_sentencepiece(texts, 600)->serialised(),
            train_sentencepiece(texts, 600)->serialised());
}

TEST(SentencePiece, TrainsOnLongLinesTabsAndReservedCharacters) {
  std::string text;
  for (int i = 0; i < 3000; ++i) text += "abc\tdef ";  // one line of 24,000 bytes
  text += std::string("\0\xE2\x96\x81\xFF", 5);
  const std::unique_ptr<Tokenizer> tokenizer = train_sentencepiece({text}, 270);
  expect_lossless(*tokenizer, text);
  EXPECT_EQ(tokenizer->encode("abc").size(), 1U);
}

TEST(SentencePiece, WritesNothingToTheTerminal) {
  testing::internal::CaptureStderr();
  testing::internal::CaptureStdout();
  static_cast<void>(train_sentencepiece(test::python_sample(50'000), 500));
  EXPECT_THROW(static_cast<void>(train_sentencepiece({"abc"}, 8192)), Error);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(SentencePiece, SaysThatATextDoesNotFitTheVocabulary) {
  EXPECT_EQ(message_of([] { return train_sentencepiece({"some words, some words"}, 8192); }),
            "data.tokenizer.vocab_size = 8192: the training text (22 bytes) is too small, it gives "
            "at most 284");
  EXPECT_EQ(message_of([] { return train_sentencepiece({"some words"}, 260); }),
            "data.tokenizer.vocab_size = 260: the training text (10 bytes) has so many characters "
            "that at least 265 are needed");
  for (const char* nothing : {"", "\t\t", "\xFF"}) {
    const auto error = test::error_of([&] { return train_sentencepiece({nothing}, 300); });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kData);
  }
}

TEST(SentencePiece, RefusesForeignModels) {
  for (const char* foreign : {"", "nonsense", "\x0A\x7F", "\x0A\x03\x0A\x01x"}) {
    EXPECT_THAT(message_of([&] { return load_tokenizer(foreign); }),
                HasSubstr("no SentencePiece model of nas"));
  }
  const std::string whole = trained().serialised();
  for (std::size_t size = 0; size < whole.size(); size += 101) {
    EXPECT_THROW(static_cast<void>(load_tokenizer(whole.substr(0, size))), Error) << size;
  }
  EXPECT_EQ(message_of([] { return trained().decode({1024}); }),
            "token 1024 is outside the vocabulary, [0, 1023]");
}

TEST(EncodingPieces, CoverTheTextAndCutAtLineEnds) {
  std::string text;
  for (int i = 0; text.size() < 1'500'000; ++i) text += "line number " + std::to_string(i) + "\n";
  const std::vector<std::string_view> pieces = encoding_pieces(text);
  ASSERT_GT(pieces.size(), 3U);
  std::string joined;
  for (const std::string_view piece : pieces) {
    EXPECT_EQ(piece.back(), '\n');
    joined += piece;
  }
  EXPECT_EQ(joined, text);
  EXPECT_TRUE(encoding_pieces("").empty());
}

TEST(EncodingPieces, CutALineWithoutEndBetweenCharacters) {
  std::string text;
  while (text.size() < 1'500'000) text += "\xE2\x82\xAC";
  std::string joined;
  for (const std::string_view piece : encoding_pieces(text)) {
    EXPECT_FALSE(first_binary_byte(piece));
    joined += piece;
  }
  EXPECT_EQ(joined, text);
  expect_lossless(trained(), text.substr(0, 600'000));
}

}  // namespace
}  // namespace nas::data
