#include "data/token_cache.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <thread>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/data/tokenizer.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::data {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;
using testing::HasSubstr;
using testing::Not;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

/// A corpus of 40 files and a cache folder beside it.
class TokenCache : public testing::Test {
 protected:
  TokenCache() {
    for (int i = 0; i < 40; ++i) {
      folder_.write("corpus/" + std::to_string(i) + ".txt",
                    "text of the file number " + std::to_string(i) + "\n");
    }
    config_.corpus = folder_ / "corpus";
    config_.validation_share = 0.25;
  }

  [[nodiscard]] std::vector<std::string> files_ending(const std::string& extension) const {
    std::vector<std::string> files;
    if (!fs::exists(cache_)) return files;
    for (const auto& entry : fs::directory_iterator(cache_)) {
      if (entry.path().extension() == extension) files.push_back(entry.path().string());
    }
    return files;
  }

  [[nodiscard]] std::unique_ptr<const TokenFile> open() const {
    return open_or_make_tokens(config_, cache_);
  }

  /// What opening the cache says on stderr.
  [[nodiscard]] std::string log_of_opening() const {
    CaptureStderr();
    static_cast<void>(open());
    return GetCapturedStderr();
  }

  /// Lets the files grow older than a file system's clock tick.
  static void settle() { std::this_thread::sleep_for(std::chrono::milliseconds(70)); }

  TemporaryFolder folder_;
  std::string cache_ = folder_ / "cache";
  config::DataConfig config_;
};

std::string text_of(const TokenSpan& tokens) {
  std::string text;
  for (std::int64_t i = 0; i < tokens.count; ++i) text += static_cast<char>(tokens.at(i));
  return text;
}

TEST_F(TokenCache, JoinsDocumentsByNul) {
  const auto tokens = open();
  std::string train;
  std::string validation;
  for (const CorpusFile& file : list_corpus(config_).files) {
    std::string& part = is_validation_file(file.name, 0.25) ? validation : train;
    if (!part.empty()) part += '\0';
    part += read_file(file.path);
  }
  EXPECT_EQ(text_of(tokens->view().train), train);
  EXPECT_EQ(text_of(tokens->view().validation), validation);
  EXPECT_EQ(tokens->view().train_documents.count + tokens->view().validation_documents.count, 40);
  EXPECT_EQ(tokens->view().vocab_size, 256);
}

TEST_F(TokenCache, IsMadeOnceAndFoundAgainWithoutReadingTheCorpus) {
  settle();
  EXPECT_THAT(log_of_opening(), HasSubstr("tokenising"));
  ASSERT_EQ(files_ending(".tokens").size(), 1U);
  ASSERT_EQ(files_ending(".manifest").size(), 1U);
  // Unreadable content shows that only names, sizes and times are looked at.
  const CorpusFile file = list_corpus(config_).files[0];
  const Hash128 before = open()->view().payload_hash;
  EXPECT_EQ(log_of_opening(), "");
  EXPECT_EQ(open()->view().payload_hash, before);
  fs::remove(files_ending(".manifest")[0]);
  EXPECT_EQ(log_of_opening(), "");  // found by content
  EXPECT_EQ(files_ending(".manifest").size(), 1U);
}

TEST_F(TokenCache, ChangedContentOfTheSameSizeIsNoticed) {
  settle();
  const Hash128 before = open()->view().payload_hash;
  folder_.write("corpus/0.txt", "TEXT of the file number 0\n");
  EXPECT_NE(open()->view().payload_hash, before);
  EXPECT_EQ(files_ending(".tokens").size(), 2U);
}

TEST_F(TokenCache, TrustsNoListingOfFilesThatChangedJustNow) {
  fs::last_write_time(folder_ / "corpus/1.txt", fs::file_time_type::clock::now());
  static_cast<void>(open());
  EXPECT_EQ(files_ending(".manifest").size(), 0U);
  EXPECT_EQ(files_ending(".tokens").size(), 1U);
}

TEST_F(TokenCache, EverySettingHasItsOwnFile) {
  static_cast<void>(open());
  config_.validation_share = 0.5;
  static_cast<void>(open());
  config_.max_bytes = 500;
  static_cast<void>(open());
  config_.tokenizer = {"sentencepiece", 290};
  static_cast<void>(open());
  config_.tokenizer.vocab_size = 300;
  EXPECT_EQ(open()->view().vocab_size, 300);
  EXPECT_EQ(files_ending(".tokens").size(), 5U);
}

TEST_F(TokenCache, TornAndForeignFilesAreMadeAgain) {
  settle();
  const Hash128 before = open()->view().payload_hash;
  const std::string path = files_ending(".tokens").at(0);
  const std::string whole = read_file(path);
  std::string newer = whole;
  newer[8] = 9;
  for (const std::string& broken :
       {whole.substr(0, whole.size() / 2), std::string("hello"), std::string(), newer}) {
    write_file_atomically(path, broken);
    EXPECT_THAT(log_of_opening(), HasSubstr("; it is made again"));
    EXPECT_EQ(read_file(path), whole);
  }
  EXPECT_EQ(open()->view().payload_hash, before);
}

TEST_F(TokenCache, ABrokenManifestIsMadeAgain) {
  settle();
  static_cast<void>(open());
  const std::string path = files_ending(".manifest").at(0);
  const std::string whole = read_file(path);
  for (const std::string& broken :
       {whole.substr(0, 30), std::string("../../etc/passwd.tokens\n"), std::string()}) {
    write_file_atomically(path, broken);
    static_cast<void>(open());
    EXPECT_EQ(read_file(path), whole);
  }
}

TEST_F(TokenCache, TwoProcessesMakeItOnce) {
  settle();
  constexpr int kProcesses = 4;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      int result = 1;
      try {
        const std::string log = log_of_opening();
        result = log.find("tokenising") == std::string::npos ? 0 : 2;
      } catch (...) {
        result = 3;
      }
      ::_exit(result);
    }
    children.push_back(child);
  }
  int makers = 0;
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_THAT(WEXITSTATUS(status), testing::AnyOf(0, 2));
    makers += static_cast<int>(WEXITSTATUS(status) == 2);
  }
  EXPECT_EQ(makers, 1);
  EXPECT_EQ(files_ending(".tokens").size(), 1U);
  EXPECT_EQ(files_ending(".tmp").size(), 0U);
}

TEST_F(TokenCache, AFullDiskIsAnInputOutputErrorAndLeavesNothing) {
  make_folders(cache_);
  const test::ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + 1));
  const auto error = test::error_of([&] { return open()->view().vocab_size; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_THAT(error->what(), HasSubstr("No space left on device"));
  EXPECT_EQ(files_ending(".tokens").size(), 0U);
  EXPECT_EQ(files_ending(".tmp").size(), 0U);
}

TEST_F(TokenCache, AnUnusableFolderIsNamed) {
  cache_ = folder_.write("file", "in the way") + "/cache";
  const auto error = test::error_of([&] { return open()->view().vocab_size; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_THAT(error->what(), HasSubstr(folder_ / "file"));
}

TEST(PythonTokens, AreMadeOnce) {
  const TemporaryFolder cache;
  const config::DataConfig config;
  static_cast<void>(open_or_make_tokens(config, cache.path()));
  const auto files = [&] {
    std::map<std::string, fs::file_time_type> times;
    for (const auto& entry : fs::recursive_directory_iterator(cache.path())) {
      if (entry.is_regular_file()) times[entry.path()] = entry.last_write_time();
    }
    return times;
  };
  const auto made = files();
  EXPECT_FALSE(made.empty());
  EXPECT_GT(open_or_make_tokens(config, cache.path())->view().train.count, 30'000'000);
  EXPECT_EQ(files(), made);
}

}  // namespace
}  // namespace nas::data
