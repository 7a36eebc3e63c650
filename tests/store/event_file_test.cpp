#include "nas/store/event_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "nas/core/files.hpp"
#include "store/crc32c.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

TEST(Crc32c, HasThePublishedValues) {
  // RFC 3720, appendix B.4, and the usual check value.
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43U);
  std::string rising(32, '\0');
  for (std::size_t i = 0; i < rising.size(); ++i) rising[i] = static_cast<char>(i);
  EXPECT_EQ(crc32c(rising), 0x46DD794EU);
  EXPECT_EQ(crc32c(""), 0U);
}

std::vector<std::string> files_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(EventFile, IsMadeAtItsFirstScalar) {
  const test::TemporaryFolder folder;
  EventFile events(folder / "tensorboard/trial-3", {});
  events.finish(space::TrialState::kFail);
  EXPECT_FALSE(std::filesystem::exists(folder / "tensorboard"));
  events.scalar("loss", 1, 0.5);
  const std::vector<std::string> names = files_in(folder / "tensorboard/trial-3");
  ASSERT_EQ(names.size(), 1U);
  EXPECT_TRUE(names[0].starts_with("events.out.tfevents."));
}

TEST(EventFile, BeginsWithTheVersionRecordThatTensorBoardExpects) {
  const test::TemporaryFolder folder;
  EventFile(folder / "run", {}).scalar("loss", 1, 0.5);
  const std::string content = read_file(folder / "run/" + files_in(folder / "run").at(0));
  // Wall time (9 bytes), step 0 (2), file version (tag, length and text).
  const std::string version = "brain.Event:2";
  const std::size_t length = 9 + 2 + 2 + version.size();
  ASSERT_GT(content.size(), length + 16);
  EXPECT_EQ(static_cast<std::size_t>(content[0]), length);
  EXPECT_EQ(content.substr(12 + 11, 2 + version.size()),
            std::string("\x1A") + static_cast<char>(version.size()) + version);
}

TEST(EventFile, EveryAttemptHasAFileThatSortsAfterTheOthers) {
  const test::TemporaryFolder folder;
  std::vector<std::string> made;
  for (int attempt = 0; attempt < 5; ++attempt) {
    EventFile(folder / "run", {}).scalar("loss", attempt, 0.5);
    const std::vector<std::string> names = files_in(folder / "run");
    ASSERT_EQ(names.size(), made.size() + 1);
    if (!made.empty()) {
      EXPECT_GT(names.back(), made.back());
    }
    made = names;
  }
}

TEST(EventFile, WhatGoesWrongIsOneWarning) {
  const test::TemporaryFolder folder;
  const std::string taken = folder.write("taken", "a file where a folder is wanted");
  CaptureStderr();
  for (int run = 0; run < 3; ++run) {
    EventFile events(taken + "/run", {});
    for (int step = 1; step < 5; ++step) events.scalar("loss", step, 0.5);
    events.finish(space::TrialState::kComplete);
  }
  const std::string said = GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("TensorBoard's event files cannot be written"));
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 1) << said;
}

}  // namespace
}  // namespace nas::store
