#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

#include "nas/core/files.hpp"
#include "small_study.hpp"

namespace nas::run {
namespace {

using testing::fingerprint;
using testing::run_to_end;
using testing::small_config;
using testing::small_config_with_everything;
using testing::TemporaryFolder;

/// Runs the search in a process of its own that dies at durable operation k (0: never); returns
/// waitpid's status.
int run_and_die(const config::RunConfig& config, const std::string& folder, std::int64_t workers,
                std::uint64_t die_at) {
  const pid_t child = ::fork();
  if (child == 0) {
    ::setenv("NAS_TEST_DIE_AT", std::to_string(durable_operations() + die_at).c_str(), 1);
    if (die_at == 0) ::unsetenv("NAS_TEST_DIE_AT");
    int code = 1;
    try {
      code = run_to_end(config, folder, workers) == RunEnd::kFinished ? 0 : 1;
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
    }
    ::_exit(code);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return status;
}

/// Dies at every `stride`-th durable operation of the study in turn, then finishes it undisturbed.
void die_everywhere(const config::RunConfig& config, std::uint64_t stride) {
  const std::int64_t parallelism = config.search.parallelism;
  const TemporaryFolder folder;
  const std::string whole = folder.path() + "/whole";
  ASSERT_EQ(run_and_die(config, whole, parallelism, 0), 0);
  const std::string expected = fingerprint(whole);
  std::uint64_t deaths = 0;
  for (std::uint64_t k = 1;; k += stride) {
    const std::string study = folder.path() + "/" + std::to_string(k);
    const int status = run_and_die(config, study, parallelism, k);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0) << "at durable operation " << k;
      ASSERT_EQ(fingerprint(study), expected);
      EXPECT_GT(k, 60U) << "the study is too small to test much";
      break;
    }
    ASSERT_EQ(WTERMSIG(status), SIGKILL);
    ++deaths;
    ASSERT_EQ(run_and_die(config, study, 1, 0), 0) << "resume after death at operation " << k;
    ASSERT_EQ(fingerprint(study), expected) << "after death at durable operation " << k;
    std::filesystem::remove_all(study);
  }
  std::printf("identical after a death at each of %lu durable operations, W = %ld\n", deaths,
              parallelism);
}

TEST(DeathAtEveryDurableOperation, OneAtATime) { die_everywhere(small_config(1, 5), 1); }
TEST(DeathAtEveryDurableOperation, FourAtATime) { die_everywhere(small_config(4, 5), 1); }
TEST(DeathAtSomeDurableOperations, OfSeedsObjectivesAndRandomSearch) {
  die_everywhere(small_config_with_everything(1, 3), 23);
  die_everywhere(small_config_with_everything(2, 3), 31);
}
TEST(SlowDeathAtEveryDurableOperation, OfSeedsObjectivesAndRandomSearch) {
  die_everywhere(small_config_with_everything(2, 3), 1);
}

/// Dies again at each resume: progress is made all the same, as every attempt finishes something.
TEST(DeathAgainAndAgain, EndsInTheSameStudy) {
  const config::RunConfig config = small_config(2, 6);
  const TemporaryFolder folder;
  const std::string whole = folder.path() + "/whole";
  ASSERT_EQ(run_and_die(config, whole, 2, 0), 0);
  const std::string study = folder.path() + "/study";
  int deaths = 0;
  for (std::uint64_t k = 9; deaths < 200; k = 9 + (k * 5) % 23) {
    const int status = run_and_die(config, study, 2, k);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0);
      break;
    }
    ++deaths;
  }
  EXPECT_GT(deaths, 3);
  EXPECT_EQ(fingerprint(study), fingerprint(whole));
}

}  // namespace
}  // namespace nas::run
