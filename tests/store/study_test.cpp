#include "nas/store/study.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>

#include "store/connection.hpp"
#include "store/example_study.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using test::error_of;
using test::message_of;
using test::TemporaryFolder;
using testing::describe;
using testing::example_header;

constexpr auto kPerform = [](const std::function<void()>& call) { call(); };

TEST(Study, HeaderSurvivesReopening) {
  const TemporaryFolder folder;
  StudyHeader given = example_header();
  given.maximize = true;
  { const Study study = Study::create(folder / "a/b", given); }
  const Study study = Study::open(folder / "a/b", Study::Access::kRead);
  const StudyHeader header = study.header();
  EXPECT_EQ(study.folder(), folder / "a/b");
  EXPECT_EQ(header.name, given.name);
  EXPECT_TRUE(header.maximize);
  EXPECT_EQ(header.metric, given.metric);
  EXPECT_EQ(*header.config, *given.config);
  EXPECT_EQ(*header.environment, *given.environment);
  EXPECT_TRUE(std::regex_match(study.attribute("version").get<std::string>(),
                               std::regex(R"(\d+\.\d+\.\d+)")));
}

TEST(Study, HeaderWithSeveralObjectivesSurvivesReopening) {
  const TemporaryFolder folder;
  StudyHeader given = example_header();
  given.further_objectives = {{"params", true}, {"latency_us", false}};
  { const Study study = Study::create(folder.path(), given); }
  const StudyHeader header = Study::open(folder.path(), Study::Access::kRead).header();
  EXPECT_EQ(header.further_objectives, given.further_objectives);
  EXPECT_EQ(header.objectives(), (std::vector<space::Objective>{
                                     {"val_bpb", false}, {"params", true}, {"latency_us", false}}));
}

TEST(Study, EverythingSurvivesReopening) {
  const TemporaryFolder folder;
  std::string before;
  {
    Study study = Study::create(folder.path(), example_header());
    testing::run_example(study, kPerform);
    before = describe(study);
  }
  EXPECT_EQ(describe(Study::open(folder.path(), Study::Access::kRead)), before);
  EXPECT_EQ(describe(Study::open(folder.path(), Study::Access::kWrite)), before);
  EXPECT_EQ(describe(Study::open(folder.path(), Study::Access::kRead)), before);
}

TEST(Study, FolderWithSpacesQuotesAndPercent) {
  const TemporaryFolder folder;
  const std::string name = folder / "a b\"c%20?d=e#f'é";
  { Study::create(name, example_header()).set_attribute("x", 1); }
  EXPECT_TRUE(std::filesystem::exists(name + "/study.db"));
  EXPECT_EQ(Study::open(name, Study::Access::kRead).attribute("x"), 1);
}

TEST(Study, CreateRefusesFolderThatHoldsStudy) {
  const TemporaryFolder folder;
  { const Study study = Study::create(folder.path(), example_header()); }
  const auto error = error_of([&] { return Study::create(folder.path(), example_header()); });
  EXPECT_EQ(error->kind(), ErrorKind::kUsage);
  EXPECT_EQ(std::string(error->what()),
            folder.path() + " holds a study already (" + (folder / "study.db") + ")");
}

TEST(Study, MissingStudyIsUsageError) {
  const TemporaryFolder folder;
  for (const std::string& name : {folder.path(), folder / "missing"}) {
    EXPECT_FALSE(Study::exists(name));
    const auto error = error_of([&] { return Study::open(name, Study::Access::kRead); });
    EXPECT_EQ(error->kind(), ErrorKind::kUsage);
    EXPECT_EQ(std::string(error->what()), name + " holds no study (no " + name + "/study.db)");
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(Study, LeftoversAreNoStudy) {
  for (const std::string leftover : {"empty file", "file without tables", "unfinished file"}) {
    const TemporaryFolder folder;
    if (leftover == "empty file") folder.write("study.db", "");
    if (leftover == "unfinished file") folder.write("study.db.new", "half a database");
    if (leftover == "file without tables") {
      Connection connection(folder / "study.db", Connection::Mode::kCreate);
      connection.session() << "PRAGMA journal_mode = WAL";
    }
    EXPECT_FALSE(Study::exists(folder.path())) << leftover;
    // The log of a file that is gone must not be taken for the new one's.
    folder.write("study.db-wal", std::string(5000, '\x37'));
    { Study::create(folder.path(), example_header()).set_attribute("x", 1); }
    EXPECT_TRUE(Study::exists(folder.path())) << leftover;
    EXPECT_EQ(Study::open(folder.path(), Study::Access::kRead).attribute("x"), 1) << leftover;
    EXPECT_FALSE(std::filesystem::exists(folder / "study.db.new"));
  }
}

TEST(Study, AttributesAndBreaks) {
  const TemporaryFolder folder;
  Study study = Study::create(folder.path(), example_header());
  EXPECT_TRUE(study.attribute("verification").is_null());
  study.set_attribute("verification", {{"done", 2}});
  study.set_attribute("verification", {{"done", 3}, {"text", "line\n\"é\""}});
  EXPECT_EQ(study.attribute("verification").dump(), R"({"done":3,"text":"line\n\"é\""})");
  study.replace_config({{"seed", 9}});
  EXPECT_EQ(study.header().config->dump(), R"({"seed":9})");
  study.record_break("first");
  study.record_break("second; with 'quotes'");
  EXPECT_EQ(study.breaks(), (std::vector<std::string>{"first", "second; with 'quotes'"}));
  EXPECT_EQ(error_of([&] {
              study.set_attribute("config", 1);
              return 0;
            })->kind(),
            ErrorKind::kInternal);
}

TEST(Study, RepeatIsReplacedByItsLaterRun) {
  const TemporaryFolder folder;
  Study study = Study::create(folder.path(), example_header());
  space::Outcome failed;
  failed.reason = "oom";
  failed.value = -std::numeric_limits<double>::infinity();
  study.record_repeat({"winner", "aa", 1, testing::example_outcome(1)});
  study.record_repeat({"initial", "aa", 1, testing::example_outcome(2)});
  study.record_repeat({"winner", "aa", 2, testing::example_outcome(3)});
  study.record_repeat({"winner", "aa", 1, failed});
  const std::vector<RepeatRun> runs = study.repeats();
  ASSERT_EQ(runs.size(), 3U);
  EXPECT_EQ(runs[0].role + runs[1].role + runs[2].role, "initialwinnerwinner");
  EXPECT_EQ(runs[0].outcome.value, testing::example_outcome(2).value);
  EXPECT_EQ(runs[1].outcome.reason, "oom");
  EXPECT_EQ(runs[1].outcome.value, failed.value);
  EXPECT_EQ(runs[2].repeat, 2U);
}

TEST(Study, OpenForReadingRefusesToWrite) {
  const TemporaryFolder folder;
  { const Study study = Study::create(folder.path(), example_header()); }
  Study study = Study::open(folder.path(), Study::Access::kRead);
  EXPECT_EQ(error_of([&] {
              study.set_attribute("x", 1);
              return 0;
            })->kind(),
            ErrorKind::kInternal);
  EXPECT_TRUE(study.attribute("x").is_null());
}

TEST(Study, MovedStudyGoesOn) {
  const TemporaryFolder folder;
  Study first = Study::create(folder.path(), example_header());
  Study second = std::move(first);
  second.set_attribute("x", 1);
  EXPECT_EQ(second.attribute("x"), 1);
}

}  // namespace
}  // namespace nas::store
