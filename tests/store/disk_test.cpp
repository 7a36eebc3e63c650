#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "nas/store/study.hpp"
#include "store/child_process.hpp"
#include "store/example_study.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using test::error_of;
using test::ScopedEnvironment;
using test::TemporaryFolder;
using testing::ChildEnd;
using testing::ChildProcess;
using testing::describe;
using testing::example_candidate;
using testing::example_header;
using testing::example_space;

constexpr int kNotPermitted = 77;

/// Begins trials until the disk is full. "" when that was reported as it should be, nothing was
/// changed by it, and the same call succeeds after `make_room`.
std::string fill_disk(const std::string& folder, const std::function<void()>& make_room) {
  constexpr std::int64_t kMost = 10000;
  Study study = Study::open(folder, Study::Access::kWrite);
  for (std::int64_t number = 0; number < kMost; ++number) {
    const auto begin = [&] {
      study.begin_trial(number, example_candidate(0), example_space(), {});
    };
    const std::string before = number % 8 == 0 ? describe(study) : "";
    try {
      begin();
      continue;
    } catch (const Error& error) {
      const std::string text = error.what();
      if (error.kind() != ErrorKind::kIo) return "kind: " + text;
      if (text.find(folder + "/study.db") == std::string::npos) return "no path: " + text;
      if (text.find("full") == std::string::npos && text.find("I/O error") == std::string::npos) {
        return "no reason: " + text;
      }
    }
    if (study.trials().size() != static_cast<std::size_t>(number)) return "the study was changed";
    make_room();
    begin();
    if (Study::open(folder, Study::Access::kRead).trials().size() !=
        static_cast<std::size_t>(number) + 1) {
      return "the trial was not written";
    }
    return "";
  }
  return "the disk was never full";
}

TEST(FullDisk, SmallFileSystem) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  ChildProcess child([&](const ChildProcess::Say& say) {
    // A mount of its own, gone with the process.
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=1m") != 0) {
      return kNotPermitted;
    }
    const std::string filler = disk + "/filler";
    { const Study study = Study::create(disk + "/study", example_header()); }
    std::ofstream(filler) << std::string(400000, 'x');
    say(fill_disk(disk + "/study", [&] { std::filesystem::remove(filler); }));
    return 0;
  });
  const ChildEnd end = child.wait();
  if (end.exit_code == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.output, "");
}

TEST(FullDisk, CreateOnAFullFileSystem) {
  const TemporaryFolder folder;
  const std::string disk = folder / "disk";
  std::filesystem::create_directory(disk);
  ChildProcess child([&](const ChildProcess::Say& say) {
    if (::unshare(CLONE_NEWNS) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=64k") != 0) {
      return kNotPermitted;
    }
    const auto error = error_of([&] { return Study::create(disk + "/study", example_header()); });
    say(error->what());
    return error->kind() == ErrorKind::kIo && !Study::exists(disk + "/study") ? 0 : 1;
  });
  const ChildEnd end = child.wait();
  if (end.exit_code == kNotPermitted) GTEST_SKIP() << "mounting is not permitted here";
  EXPECT_EQ(end.exit_code, 0) << end.output;
  EXPECT_NE(end.output.find("database or disk is full"), std::string::npos) << end.output;
}

TEST(FullDisk, LimitOnTheSizeOfFiles) {
  const TemporaryFolder folder;
  { const Study study = Study::create(folder.path(), example_header()); }
  ChildProcess child([&](const ChildProcess::Say& say) {
    ::signal(SIGXFSZ, SIG_IGN);
    rlimit limit{};
    ::getrlimit(RLIMIT_FSIZE, &limit);
    const rlim_t before = limit.rlim_cur;
    limit.rlim_cur = 300000;
    ::setrlimit(RLIMIT_FSIZE, &limit);
    say(fill_disk(folder.path(), [&] {
      limit.rlim_cur = before;
      ::setrlimit(RLIMIT_FSIZE, &limit);
    }));
    return 0;
  });
  const ChildEnd end = child.wait();
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.output, "");
}

TEST(NetworkFileSystem, IsRefusedForWriting) {
  const TemporaryFolder folder;
  { Study::create(folder / "local", example_header()).set_attribute("x", 1); }
  const ScopedEnvironment remote("NAS_TEST_FILE_SYSTEM", "nfs");
  const auto error = error_of([&] { return Study::create(folder / "new", example_header()); });
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_EQ(std::string(error->what()),
            (folder / "new") +
                " is on a network file system (nfs), where SQLite's log does not "
                "work; put the study on a local disk and copy the finished folder");
  EXPECT_FALSE(std::filesystem::exists(folder / "new"));
  EXPECT_EQ(error_of([&] { return Study::open(folder / "local", Study::Access::kWrite); })->kind(),
            ErrorKind::kIo);
  EXPECT_EQ(Study::open(folder / "local", Study::Access::kRead).attribute("x"), 1);
}

/// Gives up the rights of the superuser, for whom nothing is read-only.
bool become_nobody() {
  constexpr uid_t kNobody = 65534;
  return ::geteuid() != 0 || (::setgid(kNobody) == 0 && ::setuid(kNobody) == 0);
}

TEST(ReadOnlyFolder, StudyIsRead) {
  const TemporaryFolder folder;
  const std::string path = folder / "study";
  std::string expected;
  {
    Study study = Study::create(path, example_header());
    testing::run_example(study, [](const std::function<void()>& call) { call(); });
    expected = describe(study);
  }
  ::chmod(folder.path().c_str(), 0755);
  ::chmod(path.c_str(), 0555);
  ChildProcess child([&](const ChildProcess::Say& say) {
    if (!become_nobody()) return kNotPermitted;
    const Study study = Study::open(path, Study::Access::kRead);
    say(describe(study));
    say(describe(study) == expected ? "" : "differs at the second look");
    return error_of([&] { return Study::open(path, Study::Access::kWrite); })->kind() ==
                   ErrorKind::kIo
               ? 0
               : 1;
  });
  const ChildEnd end = child.wait();
  ::chmod(path.c_str(), 0755);
  if (end.exit_code == kNotPermitted) GTEST_SKIP() << "cannot become another user";
  EXPECT_EQ(end.exit_code, 0);
  EXPECT_EQ(end.output, expected);
}

TEST(ReadOnlyFolder, CreateSaysWhy) {
  const TemporaryFolder folder;
  ::chmod(folder.path().c_str(), 0555);
  ChildProcess child([&](const ChildProcess::Say& say) {
    if (!become_nobody()) return kNotPermitted;
    const auto error = error_of([&] { return Study::create(folder.path(), example_header()); });
    say(error->what());
    return error->kind() == ErrorKind::kIo ? 0 : 1;
  });
  const ChildEnd end = child.wait();
  ::chmod(folder.path().c_str(), 0755);
  if (end.exit_code == kNotPermitted) GTEST_SKIP() << "cannot become another user";
  EXPECT_EQ(end.exit_code, 0) << end.output;
  EXPECT_NE(end.output.find("Permission denied"), std::string::npos) << end.output;
}

}  // namespace
}  // namespace nas::store
