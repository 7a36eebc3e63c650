#include "data/token_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "nas/core/error.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::data {
namespace {

using test::message_of;
using test::TemporaryFolder;
using testing::HasSubstr;

constexpr std::size_t kHeaderBytes = 136;
constexpr std::size_t kDocuments = 5;

TokenFileContents example(std::int64_t vocab_size) {
  TokenFileContents contents;
  contents.tokenizer = "a tokenizer";
  contents.vocab_size = vocab_size;
  contents.source_hash = hash_text("source");
  contents.text_bytes = 1234;
  for (std::int32_t i = 0; i < 100; ++i) {
    contents.train.push_back(static_cast<std::int32_t>((vocab_size - 1) * i / 99));
  }
  contents.validation = {0, 1, static_cast<std::int32_t>(vocab_size - 1)};
  contents.train_documents = {0, 1, 40, 99};
  contents.validation_documents = {0};
  return contents;
}

std::string example_bytes(const TemporaryFolder& folder) {
  write_token_file(folder / "example", example(1000));
  return read_file(folder / "example");
}

TokenFileView view(const std::string& bytes) {
  return view_token_file(std::as_bytes(std::span(bytes)), "t.tokens");
}

std::string sealed(std::string bytes) {
  seal_token_file(std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

class TokenFileWidth : public testing::TestWithParam<std::int64_t> {};

TEST_P(TokenFileWidth, KeepsWhatWasWritten) {
  const TemporaryFolder folder;
  const TokenFileContents contents = example(GetParam());
  write_token_file(folder / "t.tokens", contents);
  const TokenFile file(folder / "t.tokens");
  const TokenFileView& read = file.view();
  EXPECT_EQ(read.vocab_size, contents.vocab_size);
  EXPECT_EQ(read.tokenizer, contents.tokenizer);
  EXPECT_EQ(read.text_bytes, 1234U);
  ASSERT_EQ(read.train_documents.count, 4);
  ASSERT_EQ(read.validation_documents.count, 1);
  for (std::int64_t i = 0; i < 4; ++i) {
    EXPECT_EQ(read.train_documents.at(i), contents.train_documents[static_cast<std::size_t>(i)]);
  }
  EXPECT_EQ(read.validation_documents.at(0), 0);
  EXPECT_EQ(read.source_hash, contents.source_hash);
  ASSERT_EQ(read.train.count, 100);
  ASSERT_EQ(read.validation.count, 3);
  for (std::int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(read.train.at(i), contents.train[static_cast<std::size_t>(i)]);
  }
  std::int64_t copied[3] = {};
  read.validation.copy(0, 3, copied);
  EXPECT_EQ(copied[2], GetParam() - 1);
  EXPECT_EQ(&read.part(Part::kTrain), &read.train);
  EXPECT_EQ(&read.part(Part::kValidation), &read.validation);
}

INSTANTIATE_TEST_SUITE_P(Vocabularies, TokenFileWidth,
                         testing::Values(2, 256, 257, 65536, 65537, 1000000));

TEST(TokenFile, UsesTheNarrowestWord) {
  const TemporaryFolder folder;
  for (const auto& [vocab, width] : {std::pair{256, 1}, {257, 2}, {65536, 2}, {65537, 4}}) {
    write_token_file(folder / "t", example(vocab));
    EXPECT_EQ(
        read_file(folder / "t").size(),
        kHeaderBytes + 16 + (103 * static_cast<std::size_t>(width) + 7) / 8 * 8 + kDocuments * 8);
  }
}

TEST(TokenFile, EveryCutIsRefused) {
  const TemporaryFolder folder;
  const std::string bytes = example_bytes(folder);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const std::string message = message_of([&] { return view(bytes.substr(0, size)); });
    ASSERT_TRUE(message.starts_with("t.tokens: is torn") ||
                message == "t.tokens: is no token file of nas")
        << size << ": " << message;
  }
  EXPECT_EQ(message_of([&] { return view(bytes.substr(0, 20)); }),
            "t.tokens: is torn: 20 bytes, a header has 136");
  EXPECT_EQ(message_of([&] { return view(bytes.substr(0, 200)); }),
            "t.tokens: is torn: 200 bytes where its header says 400");
  EXPECT_EQ(message_of([&] { return view(bytes + "x"); }),
            "t.tokens: is torn: 401 bytes where its header says 400");
}

TEST(TokenFile, EveryChangedBitIsRefused) {
  const TemporaryFolder folder;
  const std::string bytes = example_bytes(folder);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      std::string broken = bytes;
      broken[i] = static_cast<char>(static_cast<unsigned char>(broken[i]) ^ (1U << bit));
      ASSERT_THROW(static_cast<void>(view(broken)), Error) << i;
    }
  }
}

TEST(TokenFile, SaysWhatIsWrong) {
  const TemporaryFolder folder;
  const std::string bytes = example_bytes(folder);
  EXPECT_EQ(message_of([&] { return view("PK\3\4 something else entirely"); }),
            "t.tokens: is no token file of nas");
  std::string newer = bytes;
  newer[8] = 3;
  EXPECT_EQ(message_of([&] { return view(newer); }),
            "t.tokens: has version 3, this program reads token files up to version 2");
  std::string older = bytes;
  older[8] = 1;
  EXPECT_EQ(message_of([&] { return view(older); }),
            "t.tokens: has version 1, which does not tell documents apart; this program reads "
            "version 2");
  std::string flipped = bytes;
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  EXPECT_EQ(message_of([&] { return view(flipped); }),
            "t.tokens: is damaged: wrong checksum of its contents");
}

/// Lengths that a file's writer chose with evil in mind, checksums right.
TEST(TokenFile, ImpossibleHeadersAreRefused) {
  const TemporaryFolder folder;
  const std::string bytes = example_bytes(folder);
  const auto with = [&](std::size_t offset, std::uint64_t value, std::size_t size) {
    std::string changed = bytes;
    std::memcpy(changed.data() + offset, &value, size);
    return message_of([&] { return view(sealed(changed)); });
  };
  EXPECT_THAT(with(8, 0, 4), HasSubstr("is damaged: version 0"));
  EXPECT_THAT(with(12, 3, 4), HasSubstr("3 bytes a token"));
  EXPECT_THAT(with(16, 0, 8), HasSubstr("vocabulary of 0"));
  EXPECT_THAT(with(16, ~std::uint64_t{0}, 8), HasSubstr("vocabulary of 18446744073709551615"));
  EXPECT_THAT(with(16, 999, 8), HasSubstr("is damaged: token 999 in a vocabulary of 999"));
  for (const std::size_t length : {24U, 32U, 40U, 56U, 64U}) {
    EXPECT_THAT(with(length, ~std::uint64_t{0}, 8), HasSubstr("impossible lengths"));
    EXPECT_THAT(with(length, std::uint64_t{1} << 47U, 8), HasSubstr("is torn"));
    EXPECT_THAT(with(length, 0, 8), HasSubstr("is torn"));
  }
  EXPECT_EQ(sealed(bytes), bytes);
}

TEST(TokenFile, ImpossibleDocumentsAreRefused) {
  const TemporaryFolder folder;
  const std::string bytes = example_bytes(folder);
  const std::size_t first = bytes.size() - kDocuments * 8;
  const auto changed = [&](std::size_t document, std::uint64_t start) {
    std::string copy = bytes;
    std::memcpy(copy.data() + first + document * 8, &start, 8);
    return sealed(copy);
  };
  const auto with = [&](std::size_t document, std::uint64_t start) {
    return message_of([&] { return view(changed(document, start)); });
  };
  EXPECT_EQ(with(0, 1), "t.tokens: is damaged: document 0 begins at token 1 of 100");
  EXPECT_EQ(with(1, 0), "t.tokens: is damaged: document 1 begins at token 0 of 100");
  EXPECT_EQ(with(2, 99), "t.tokens: is damaged: document 3 begins at token 99 of 100");
  EXPECT_EQ(with(3, 100), "t.tokens: is damaged: document 3 begins at token 100 of 100");
  EXPECT_THAT(with(3, ~std::uint64_t{0}), HasSubstr("document 3 begins at token -1"));
  EXPECT_EQ(with(4, 2), "t.tokens: is damaged: document 0 begins at token 2 of 3");
  EXPECT_NO_THROW(static_cast<void>(view(changed(1, 39))));
}

TEST(TokenFile, FindsTheNextDocument) {
  const TemporaryFolder folder;
  write_token_file(folder / "t", example(300));
  const TokenFile file(folder / "t");
  const DocumentSpan& documents = file.view().train_documents;  // at 0, 1, 40, 99
  for (const auto& [token, next] :
       {std::pair{0, 1}, {1, 2}, {2, 2}, {39, 2}, {40, 3}, {98, 3}, {99, 4}}) {
    EXPECT_EQ(documents.first_after(token), next) << token;
  }
}

TEST(TokenFile, MissingFilesAndFoldersAreInputErrors) {
  const TemporaryFolder folder;
  const auto error = test::error_of([&] { return TokenFile(folder / "none").view().vocab_size; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  const std::string empty = folder.write("empty", "");
  EXPECT_EQ(message_of([&] { return TokenFile(empty).view().vocab_size; }),
            empty + ": is no token file of nas");
}

}  // namespace
}  // namespace nas::data
