#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <optional>

#include "nas/core/files.hpp"
#include "nas/store/study.hpp"
#include "store/child_process.hpp"
#include "store/example_study.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using test::ScopedEnvironment;
using test::TemporaryFolder;
using testing::ChildEnd;
using testing::ChildProcess;
using testing::describe;
using testing::example_header;
using testing::run_example;

/// Puts temporary folders in memory where there is such a place: a killed process loses nothing
/// that it wrote to a file, so waiting for a disk would prove nothing, hundreds of times.
class InMemory : public ::testing::Test {
 protected:
  InMemory() {
    if (::access("/dev/shm", W_OK | X_OK) == 0) place_.emplace("TMPDIR", "/dev/shm");
  }

 private:
  std::optional<ScopedEnvironment> place_;
};
using StudyDeath = InMemory;
using StudyFailure = InMemory;

/// An undisturbed run of the example: what the study holds after each call, the first of which is
/// `create`, and how many durable operations all of them make.
struct Reference {
  std::vector<std::string> after_call;
  std::string at_end;  ///< without attempts
  std::uint64_t operations = 0;
};

const Reference& reference() {
  static const Reference result = [] {
    const TemporaryFolder folder;
    Reference made;
    const std::uint64_t before = durable_operations();
    Study study = Study::create(folder / "study", example_header());
    made.after_call.push_back(describe(study));
    run_example(study, [&](const std::function<void()>& call) {
      call();
      made.after_call.push_back(describe(study));
    });
    made.at_end = describe(study, false);
    made.operations = durable_operations() - before;
    return made;
  }();
  return result;
}

/// Works from whatever the folder holds to the end of the example.
void go_on(const std::string& folder) {
  Study study = Study::exists(folder) ? Study::open(folder, Study::Access::kWrite)
                                      : Study::create(folder, example_header());
  run_example(study, [](const std::function<void()>& call) { call(); });
  EXPECT_EQ(describe(study, false), reference().at_end);
}

/// Runs the example in a child that dies at its k-th durable operation; says one byte a call.
ChildEnd die_at(std::uint64_t k, const std::string& folder) {
  ChildProcess child([&](const ChildProcess::Say& say) {
    ::setenv("NAS_TEST_DIE_AT", std::to_string(durable_operations() + k).c_str(), 1);
    Study study = Study::create(folder, example_header());
    say("c");
    run_example(study, [&](const std::function<void()>& call) {
      call();
      say("c");
    });
    return 0;
  });
  return child.wait();
}

TEST_F(StudyDeath, AtEveryDurableOperationLeavesWhatWasCalled) {
  const std::uint64_t operations = reference().operations;
  ASSERT_GE(operations, 40U);
  for (std::uint64_t k = 1; k <= operations; ++k) {
    SCOPED_TRACE("died at durable operation " + std::to_string(k));
    const TemporaryFolder folder;
    const ChildEnd end = die_at(k, folder / "study");
    ASSERT_EQ(end.signal, SIGKILL) << end.output;
    const std::size_t calls = end.output.size();
    if (Study::exists(folder / "study")) {
      const Study study = Study::open(folder / "study", Study::Access::kRead);
      EXPECT_EQ(describe(study), reference().after_call.at(calls == 0 ? 0 : calls - 1));
    } else {
      EXPECT_EQ(calls, 0U);
    }
    go_on(folder / "study");
  }
}

TEST_F(StudyDeath, ReferenceRunDoesNotDie) {
  const TemporaryFolder folder;
  const ChildEnd end = die_at(reference().operations + 1, folder / "study");
  EXPECT_EQ(end.signal, 0);
  EXPECT_EQ(end.exit_code, 0) << end.output;
  EXPECT_EQ(end.output.size(), reference().after_call.size());
}

/// Makes a call; when its durable operation fails, checks that nothing changed and calls again.
/// Returns whether it failed.
bool call_despite_failure(const std::function<void()>& call,
                          const std::function<std::string()>& state) {
  const std::string before = state();
  try {
    call();
    return false;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo) << error.what();
    EXPECT_NE(std::string(error.what()).find("No space left on device"), std::string::npos);
    EXPECT_EQ(state(), before);
    call();
    return true;
  }
}

TEST_F(StudyFailure, AtEveryDurableOperationIsAnErrorAndNothingMore) {
  const std::uint64_t operations = reference().operations;
  for (std::uint64_t k = 1; k <= operations; ++k) {
    SCOPED_TRACE("durable operation " + std::to_string(k) + " failed");
    const TemporaryFolder folder;
    const std::string path = folder / "study";
    const ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + k));
    std::optional<Study> study;
    int failures = 0;
    failures += call_despite_failure([&] { study.emplace(Study::create(path, example_header())); },
                                     [&] { return std::to_string(Study::exists(path)); });
    ASSERT_TRUE(study);
    run_example(*study, [&](const std::function<void()>& call) {
      failures += call_despite_failure(call, [&] { return describe(*study); });
    });
    EXPECT_EQ(failures, 1);
    EXPECT_EQ(describe(*study, false), reference().at_end);
  }
}

/// A study with a trial that its dead process was working on.
void leave_running_trial(const std::string& folder) {
  Study study = Study::create(folder, example_header());
  study.begin_trial(0, testing::example_candidate(0), testing::example_space(), {});
}

TEST_F(StudyFailure, OfRequeueingLeavesTheStudyAsItWas) {
  for (std::uint64_t k = 1; k <= 2; ++k) {
    const TemporaryFolder folder;
    leave_running_trial(folder.path());
    {
      const ScopedEnvironment fail("NAS_TEST_FAIL_AT", std::to_string(durable_operations() + k));
      const auto error =
          test::error_of([&] { return Study::open(folder.path(), Study::Access::kWrite); });
      EXPECT_EQ(error->kind(), ErrorKind::kIo);
    }
    EXPECT_EQ(Study::open(folder.path(), Study::Access::kRead).trials()[0].outcome.state,
              space::TrialState::kRunning);
    EXPECT_EQ(Study::open(folder.path(), Study::Access::kWrite).trials()[0].outcome.state,
              space::TrialState::kWaiting);
  }
}

TEST_F(StudyDeath, BySigkillAtRandomMoments) {
  constexpr std::uint64_t kSeed = 11;
  constexpr int kDeaths = 15;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const TemporaryFolder folder;
  const std::string path = folder / "study";
  DrawCursor cursor({kSeed, Purpose::kTest, 0, 0});
  for (int death = 0; death < kDeaths; ++death) {
    ChildProcess child([&](const ChildProcess::Say&) {
      go_on(path);
      return ::testing::Test::HasFailure() ? 1 : 0;
    });
    ::usleep(cursor.below(40000));
    child.kill();
    const ChildEnd end = child.wait();
    ASSERT_TRUE(end.signal == SIGKILL || end.exit_code == 0) << end.output;
  }
  go_on(path);
}

}  // namespace
}  // namespace nas::store
