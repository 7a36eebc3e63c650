#include "nas/core/files.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/lock_holder.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas {
namespace {

namespace fs = std::filesystem;
using test::ScopedEnvironment;
using test::TemporaryFolder;

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) {
    names.push_back(entry.path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST(WriteFile, ReplacesTheWholeContent) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file_atomically(path, "a longer first content");
  write_file_atomically(path, std::string_view("short\0er", 8));
  EXPECT_EQ(read_file(path), std::string("short\0er", 8));
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(WriteFile, TakesPieces) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  write_file_atomically(path, [](const auto& sink) {
    sink("ab", 2);
    sink("", 0);
    sink("cd", 2);
  });
  EXPECT_EQ(read_file(path), "abcd");
}

TEST(WriteFile, KeepsTheOldContentWhenTheWriterThrows) {
  const TemporaryFolder folder;
  const std::string path = folder.write("file", "old");
  EXPECT_THROW(write_file_atomically(path,
                                     [](const auto& sink) {
                                       sink("new", 3);
                                       throw std::runtime_error("no more");
                                     }),
               std::runtime_error);
  EXPECT_EQ(read_file(path), "old");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(WriteFile, WritesOverWhatACrashLeft) {
  const TemporaryFolder folder;
  folder.write("file.tmp", "half of a longer content that a crash left");
  write_file_atomically(folder / "file", "whole");
  EXPECT_EQ(read_file(folder / "file"), "whole");
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(WriteFile, AFullDiskIsNamed) {
  const auto error = test::error_of([] { return write_file_atomically("/dev/full", "x"), 0; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_STREQ(error->what(), "cannot write /dev/full: No space left on device");
  struct stat status {};
  ASSERT_EQ(::stat("/dev/full", &status), 0);
  EXPECT_TRUE(S_ISCHR(status.st_mode)) << "the device was replaced";
}

TEST(WriteFile, FoldersAndMissingParentsAreNamed) {
  const TemporaryFolder folder;
  EXPECT_EQ(test::message_of([&] { return write_file_atomically(folder.path(), "x"), 0; }),
            "cannot write " + folder.path() + ": Is a directory");
  const std::string path = folder / "missing/file";
  EXPECT_EQ(test::message_of([&] { return write_file_atomically(path, "x"), 0; }),
            "cannot write " + path + ": No such file or directory");
}

TEST(WriteFile, WritesThroughASymbolicLink) {
  const TemporaryFolder folder;
  folder.write("real/file", "old");
  fs::create_symlink("real/file", folder / "link");
  write_file_atomically(folder / "link", "new");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(read_file(folder / "real/file"), "new");
}

TEST(WriteFile, WritersOfOneFileTakeTurns) {
  const TemporaryFolder folder;
  const std::string path = folder / "file";
  std::vector<std::string> contents;
  for (char letter = 'a'; letter < 'a' + 6; ++letter) contents.emplace_back(200000, letter);
  std::vector<std::thread> writers;
  writers.reserve(contents.size());
  for (const std::string& content : contents) {
    writers.emplace_back([&] {
      for (int i = 0; i < 20; ++i) write_file_atomically(path, content);
    });
  }
  for (std::thread& writer : writers) writer.join();
  EXPECT_NE(std::find(contents.begin(), contents.end(), read_file(path)), contents.end());
  EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
}

TEST(DurableOperation, CountsTheStepsOfAWrite) {
  const TemporaryFolder folder;
  const std::uint64_t before = durable_operations();
  write_file_atomically(folder / "file", "x");
  EXPECT_EQ(durable_operations() - before, 4U) << "write, sync, rename, sync of the folder";
}

TEST(DurableOperation, IsCountedFromAllThreads) {
  const std::uint64_t before = durable_operations();
  std::vector<std::thread> threads;
  threads.reserve(4);
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([] {
      for (int i = 0; i < 1000; ++i) durable_operation("count");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(durable_operations() - before, 4000U);
}

TEST(DurableOperation, CanBeMadeToFail) {
  const std::vector<std::string> steps{"write ", "sync ", "rename to ", "sync folder "};
  for (std::size_t k = 1; k <= steps.size(); ++k) {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", "old");
    const ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + k));
    const auto error = test::error_of([&] { return write_file_atomically(path, "new"), 0; });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kIo);
    const std::string object = k == 4 ? folder.path() : path;
    EXPECT_EQ(error->what(), "cannot " + steps[k - 1] + object + ": No space left on device");
    EXPECT_EQ(read_file(path), k == 4 ? "new" : "old");
    EXPECT_EQ(names_in(folder.path()), std::vector<std::string>{"file"});
  }
}

TEST(DurableOperation, CanBeMadeToDieAndLeavesOldOrNew) {
  for (std::uint64_t k = 1; k <= 4; ++k) {
    const TemporaryFolder folder;
    const std::string path = folder.write("file", "old");
    EXPECT_EXIT(
        {
          const std::string at = std::to_string(durable_operations() + k);
          ::setenv("NAS_TEST_DIE_AT", at.c_str(), 1);
          write_file_atomically(path, "new content");
        },
        testing::KilledBySignal(SIGKILL), "");
    EXPECT_EQ(read_file(path), k == 4 ? "new content" : "old") << "death at operation " << k;
    write_file_atomically(path, "later");
    EXPECT_EQ(read_file(path), "later");
  }
}

TEST(DurableOperation, IgnoresAValueThatIsNoNumber) {
  const ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + 1) + "x");
  EXPECT_NO_THROW(durable_operation("anything"));
}

TEST(ReadFile, NamesWhatCannotBeRead) {
  const TemporaryFolder folder;
  EXPECT_EQ(test::message_of([&] { return read_file(folder / "none"); }),
            "cannot read " + (folder / "none") + ": No such file or directory");
  EXPECT_EQ(test::message_of([&] { return read_file(folder.path()); }),
            "cannot read " + folder.path() + ": Is a directory");
  EXPECT_EQ(read_file(folder.write("empty", "")), "");
}

TEST(ReadFile, ReadsFilesWithoutASize) {
  EXPECT_NE(read_file("/proc/self/status").find("Pid:"), std::string::npos);
}

TEST(MakeFolders, MakesParentsAndIsRepeatable) {
  const TemporaryFolder folder;
  make_folders(folder / "a/b//c/");
  EXPECT_TRUE(fs::is_directory(folder / "a/b/c"));
  const std::uint64_t before = durable_operations();
  make_folders(folder / "a/b/c");
  EXPECT_EQ(durable_operations(), before);
  make_folders("");
}

TEST(MakeFolders, NamesWhatStandsInTheWay) {
  const TemporaryFolder folder;
  const std::string file = folder.write("file", "");
  const auto error = test::error_of([&] { return make_folders(file + "/below"), 0; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_EQ(error->what(), "cannot make folder " + file + ": File exists");
}

TEST(LockHolder, IsWhoHoldsTheLockAndNobodyElse) {
  using State = LockHolder::State;
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  EXPECT_EQ(lock_holder(path).state, State::kNobody);
  {
    const FileLock lock(path, "busy");
    EXPECT_EQ(lock_holder(path).state, State::kHeld);
    EXPECT_EQ(lock_holder(path).process, static_cast<std::int64_t>(::getpid()));
    EXPECT_EQ(lock_holder(folder / "other").state, State::kNobody);
  }
  EXPECT_EQ(lock_holder(path).state, State::kNobody);
}

TEST(FileLock, IsHeldByOneAtATime) {
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  {
    const FileLock held(path, "unused");
    const auto error = test::error_of([&] { return FileLock(path, "in use by another"), 0; });
    ASSERT_TRUE(error);
    EXPECT_EQ(error->kind(), ErrorKind::kStudy);
    EXPECT_STREQ(error->what(), "in use by another");
  }
  EXPECT_NO_THROW(FileLock(path, "free again"));
}

TEST(FileLock, EndsWithItsProcess) {
  const TemporaryFolder folder;
  const std::string path = folder / "lock";
  EXPECT_EXIT(
      {
        const FileLock held(path, "busy");
        static_cast<void>(std::raise(SIGKILL));
      },
      testing::KilledBySignal(SIGKILL), "");
  EXPECT_NO_THROW(FileLock(path, "busy"));
}

TEST(FileLock, NamesAFileThatCannotBeMade) {
  const auto error = test::error_of([] { return FileLock("/nowhere/lock", "busy"), 0; });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_STREQ(error->what(), "cannot lock /nowhere/lock: No such file or directory");
}

TEST(MappedFile, ShowsTheBytes) {
  const TemporaryFolder folder;
  MappedFile first(folder.write("file", "abc"));
  const MappedFile file(std::move(first));
  ASSERT_EQ(file.size(), 3U);
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(file.data()), file.size()), "abc");
  EXPECT_EQ(MappedFile(folder.write("empty", "")).size(), 0U);
}

TEST(MappedFile, NamesWhatCannotBeMapped) {
  const TemporaryFolder folder;
  EXPECT_EQ(test::message_of([&] { return MappedFile(folder / "none"), 0; }),
            "cannot read " + (folder / "none") + ": No such file or directory");
  EXPECT_EQ(test::message_of([&] { return MappedFile(folder.path()), 0; }),
            "cannot read " + folder.path() + ": Is a directory");
}

TEST(NetworkFileSystem, IsInjectedByTests) {
  const ScopedEnvironment injected("NAS_TEST_FILE_SYSTEM", "nfs");
  EXPECT_EQ(network_file_system("/tmp"), "nfs");
}

TEST(NetworkFileSystem, IsEmptyOnALocalOne) {
  // proc and the memory file system of /dev/shm are local wherever Linux runs.
  EXPECT_EQ(network_file_system("/proc/self"), "");
  EXPECT_EQ(network_file_system("/dev/shm/not/there/yet"), "");
  EXPECT_EQ(network_file_system(""), network_file_system("."));
}

}  // namespace
}  // namespace nas
