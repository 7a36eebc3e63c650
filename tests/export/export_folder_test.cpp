#include "export/export_folder.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::exporting {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

constexpr const char* kOurs = R"({"model_type": "nas"})";

void write(const std::string& path, const std::string& content) {
  make_folders(fs::path(path).parent_path().string());
  std::ofstream(path) << content;
}

std::size_t entries_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), {}));
}

TEST(ExportFolder, TakesItsPlaceWhenPublishedAndIsGoneOtherwise) {
  const TemporaryFolder root;
  for (const bool is_published : {false, true}) {
    {
      ExportFolder folder(root / "a/b/out/");
      write(folder.path() + "/config.json", kOurs);
      EXPECT_FALSE(fs::exists(root / "a/b/out"));
      if (is_published) folder.publish();
    }
    EXPECT_EQ(entries_in(root / "a/b"), is_published ? 1U : 0U);
  }
  EXPECT_EQ(read_file(root / "a/b/out/config.json"), kOurs);
}

TEST(ExportFolder, ReplacesAnEarlierExportWhole) {
  const TemporaryFolder root;
  write(root / "out/config.json", kOurs);
  write(root / "out/tokenizer.model", "old");
  write(root / "out/__pycache__/x.pyc", "cache");
  {
    ExportFolder folder(root / "out");
    write(folder.path() + "/config.json", "new");
    EXPECT_EQ(read_file(root / "out/tokenizer.model"), "old") << "replaced before it was published";
    folder.publish();
  }
  EXPECT_EQ(entries_in(root / "out"), 1U);
  EXPECT_EQ(read_file(root / "out/config.json"), "new");
  EXPECT_EQ(entries_in(root.path()), 1U);
}

TEST(ExportFolder, AnEmptyFolderIsFilled) {
  const TemporaryFolder root;
  make_folders(root / "out");
  ExportFolder folder(root / "out");
  write(folder.path() + "/config.json", kOurs);
  folder.publish();
  EXPECT_EQ(entries_in(root / "out"), 1U);
}

TEST(ExportFolder, WhatIsNoExportIsLeftAsItIs) {
  const TemporaryFolder root;
  write(root / "file", "text");
  write(root / "foreign/config.json", R"({"model_type": "llama"})");
  write(root / "broken/config.json", "{");
  write(root / "more/config.json", kOurs);
  write(root / "more/optimizer.pt", "mine");
  const std::map<std::string, std::string> refusals{{"file", "no folder"},
                                                    {"foreign", "no export of nas"},
                                                    {"broken", "no export of nas"},
                                                    {"more", "optimizer.pt"}};
  for (const auto& [name, why] : refusals) {
    const auto error = test::error_of([&] { return ExportFolder(root / name).path(); });
    EXPECT_EQ(error->kind(), ErrorKind::kUsage);
    EXPECT_NE(std::string(error->what()).find(why), std::string::npos) << error->what();
  }
  EXPECT_EQ(entries_in(root.path()), refusals.size());
  EXPECT_EQ(entries_in(root / "more"), 2U);
}

TEST(ExportFolder, AnUnwritablePlaceIsAnIoError) {
  const TemporaryFolder root;
  write(root / "file", "text");
  for (const std::string& place : {root / "file/out", std::string("/proc/no/out")}) {
    const auto error = test::error_of([&] { return ExportFolder(place).path(); });
    EXPECT_EQ(error->kind(), ErrorKind::kIo) << error->what();
  }
}

}  // namespace
}  // namespace nas::exporting
