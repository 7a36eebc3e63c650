#include <gtest/gtest.h>

#include <atomic>
#include <nlohmann/json.hpp>
#include <thread>

#include "nas/store/study.hpp"
#include "store/child_process.hpp"
#include "store/connection.hpp"
#include "store/example_study.hpp"
#include "store/transaction.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using space::Trial;
using test::error_of;
using test::TemporaryFolder;
using testing::ChildEnd;
using testing::ChildProcess;
using testing::example_candidate;
using testing::example_header;
using testing::example_outcome;
using testing::example_space;

TEST(StudyLock, SecondProcessIsRefused) {
  const TemporaryFolder folder;
  const std::string expected =
      "another process is working on this study (" + (folder / "lock") + ")";
  { const Study study = Study::create(folder.path(), example_header()); }
  ChildProcess holder([&](const ChildProcess::Say& say) {
    const Study study = Study::open(folder.path(), Study::Access::kWrite);
    say("h");
    for (;;) ::pause();
    return 0;
  });
  ASSERT_EQ(holder.next_byte(), 'h');
  const auto error = error_of([&] { return Study::open(folder.path(), Study::Access::kWrite); });
  EXPECT_EQ(error->kind(), ErrorKind::kStudy);
  EXPECT_EQ(std::string(error->what()), expected);
  EXPECT_EQ(error_of([&] { return Study::create(folder.path(), example_header()); })->kind(),
            ErrorKind::kStudy);
  EXPECT_EQ(Study::open(folder.path(), Study::Access::kRead).header().metric, "val_bpb");
  holder.kill();
  static_cast<void>(holder.wait());
  Study::open(folder.path(), Study::Access::kWrite).set_attribute("x", 1);
}

TEST(StudyLock, SecondOpenInOneProcessIsRefused) {
  const TemporaryFolder folder;
  {
    const Study study = Study::create(folder.path(), example_header());
    EXPECT_EQ(error_of([&] { return Study::open(folder.path(), Study::Access::kWrite); })->kind(),
              ErrorKind::kStudy);
  }
  const Study again = Study::open(folder.path(), Study::Access::kWrite);
}

/// How many trials are finished in what must be a prefix of the writer's calls: every trial but
/// the last finished with its own value. -1 when it is none.
std::int64_t finished_of(const std::vector<Trial>& trials) {
  std::int64_t finished = 0;
  for (std::size_t i = 0; i < trials.size(); ++i) {
    const space::Outcome& outcome = trials[i].outcome;
    const space::Outcome expected = example_outcome(static_cast<std::int64_t>(i));
    if (is_finished(outcome.state)) {
      if (outcome.value != expected.value || outcome.intermediate != expected.intermediate) {
        return -1;
      }
      ++finished;
    } else if (i + 1 != trials.size()) {
      return -1;
    }
  }
  return finished;
}

TEST(StudyReader, SeesWholeTransactionsWhileAnotherProcessWrites) {
  constexpr std::int64_t kTrials = 40;
  const TemporaryFolder folder;
  { const Study study = Study::create(folder.path(), example_header()); }
  ChildProcess reader([&](const ChildProcess::Say& say) {
    const Study study = Study::open(folder.path(), Study::Access::kRead);
    say("r");
    std::int64_t snapshots = 0;
    std::int64_t last = 0;
    while (last < kTrials) {
      const std::int64_t finished = finished_of(study.trials());
      if (finished < last) {
        say("saw " + std::to_string(finished) + " after " + std::to_string(last));
        return 1;
      }
      snapshots += finished != last ? 1 : 0;
      last = finished;
    }
    say(std::to_string(snapshots));
    return 0;
  });
  ASSERT_EQ(reader.next_byte(), 'r');
  {
    Study study = Study::open(folder.path(), Study::Access::kWrite);
    for (std::int64_t number = 0; number < kTrials; ++number) {
      study.begin_trial(number, example_candidate(number), example_space(), {});
      study.finish_trial(number, example_outcome(number), {}, {});
    }
  }
  const ChildEnd end = reader.wait();
  EXPECT_EQ(end.exit_code, 0) << end.output;
  EXPECT_GT(std::atoi(end.output.c_str()), 1);
}

TEST(StudyThreads, WriteAndReadOneObject) {
  constexpr int kThreads = 4;
  constexpr std::int64_t kReports = 20;
  const TemporaryFolder folder;
  Study study = Study::create(folder.path(), example_header());
  for (std::int64_t number = 0; number < kThreads; ++number) {
    study.begin_trial(number, example_candidate(number), example_space(), {});
  }
  std::atomic<int> working = kThreads;
  std::vector<std::thread> threads;
  for (std::int64_t number = 0; number < kThreads; ++number) {
    threads.emplace_back([&, number] {
      for (std::int64_t step = 0; step < kReports; ++step) {
        study.report(number, step, static_cast<double>(number * 1000 + step));
      }
      study.finish_trial(number, testing::make_outcome(space::TrialState::kComplete, "", 1), {},
                         {});
      --working;
    });
  }
  while (working > 0) {
    EXPECT_EQ(study.trials().size(), static_cast<std::size_t>(kThreads));
  }
  for (std::thread& thread : threads) thread.join();
  for (const Trial& trial : study.trials()) {
    ASSERT_EQ(trial.outcome.intermediate.size(), static_cast<std::size_t>(kReports));
    EXPECT_EQ(trial.outcome.intermediate[7].second, static_cast<double>(trial.number * 1000 + 7));
    EXPECT_EQ(trial.outcome.state, space::TrialState::kComplete);
  }
}

TEST(StudyWriter, WaitsForAnotherProgramThatWrites) {
  const TemporaryFolder folder;
  Study study = Study::create(folder.path(), example_header());
  Connection other(folder / "study.db", Connection::Mode::kReadWrite);
  std::atomic<bool> released = false;
  std::thread holder;
  {
    auto transaction = std::make_unique<Transaction>(other, Transaction::Kind::kWrite);
    holder = std::thread([&, held = std::move(transaction)]() mutable {
      std::this_thread::sleep_for(std::chrono::milliseconds(300));
      released = true;
      held.reset();
    });
  }
  study.set_attribute("x", 1);
  EXPECT_TRUE(released);
  holder.join();
  EXPECT_EQ(study.attribute("x"), 1);
}

}  // namespace
}  // namespace nas::store
