#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>

#include "nas/core/files.hpp"
#include "nas/core/philox.hpp"
#include "nas/store/study.hpp"
#include "store/connection.hpp"
#include "store/example_study.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::store {
namespace {

using test::error_of;
using test::TemporaryFolder;
using testing::example_header;

constexpr std::size_t kPage = 4096;

/// Folder with a finished example study, its process ended.
class DamagedStudy : public ::testing::Test {
 protected:
  DamagedStudy() {
    Study study = Study::create(folder_.path(), example_header());
    testing::run_example(study, [](const std::function<void()>& call) { call(); });
  }

  [[nodiscard]] std::string database() const { return folder_ / "study.db"; }
  [[nodiscard]] std::string content() const { return read_file(database()); }
  void overwrite(const std::string& bytes) const {
    std::ofstream(database(), std::ios::binary | std::ios::trunc) << bytes;
  }
  void execute(const std::string& sql) const {
    Connection connection(database(), Connection::Mode::kReadWrite);
    connection.session() << sql;
  }
  /// The error of opening for `access` and reading everything.
  [[nodiscard]] std::shared_ptr<const Error> failure(Study::Access access) const {
    return error_of([&] { return testing::describe(Study::open(folder_.path(), access)); });
  }
  /// Both accesses fail as damaged, foreign or newer, with this text, and leave the file alone.
  void expect_refused(const std::string& text) const {
    const std::string before = content();
    for (const auto access : {Study::Access::kRead, Study::Access::kWrite}) {
      const auto error = failure(access);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind(), ErrorKind::kStudy) << error->what();
      EXPECT_NE(std::string(error->what()).find(text), std::string::npos) << error->what();
      EXPECT_NE(std::string(error->what()).find(database()), std::string::npos) << error->what();
    }
    EXPECT_TRUE(content() == before) << "the file was changed";
    EXPECT_TRUE(Study::exists(folder_.path()));
    const auto error = error_of([&] { return Study::create(folder_.path(), example_header()); });
    EXPECT_EQ(error->kind(), ErrorKind::kUsage);
  }

  TemporaryFolder folder_;
};

TEST_F(DamagedStudy, TruncatedFile) {
  const std::string whole = content();
  ASSERT_GT(whole.size(), 10 * kPage);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{50}, std::size_t{100}, kPage - 1, kPage, 3 * kPage + 17,
        whole.size() / 2, whole.size() - kPage, whole.size() - 1}) {
    SCOPED_TRACE("size " + std::to_string(size));
    overwrite(whole.substr(0, size));
    // Less than a page short, the file may still fit together; then a text in it does not.
    expect_refused(whole.size() - size < kPage ? "" : "damaged");
  }
}

TEST_F(DamagedStudy, EveryOverwrittenPageIsSeen) {
  constexpr std::uint64_t kSeed = 3;
  SCOPED_TRACE("seed " + std::to_string(kSeed));
  const std::string whole = content();
  for (std::size_t page = 0; page < whole.size() / kPage; ++page) {
    for (const bool is_zero : {true, false}) {
      SCOPED_TRACE("page " + std::to_string(page) + (is_zero ? " zeros" : " random"));
      std::string damaged = whole;
      DrawCursor cursor({kSeed, Purpose::kTest, page, 0});
      for (std::size_t i = 0; i < kPage; ++i) {
        damaged[page * kPage + i] = is_zero ? '\0' : static_cast<char>(cursor.bits() & 0xffU);
      }
      overwrite(damaged);
      const auto error = failure(Study::Access::kWrite);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind(), ErrorKind::kStudy) << error->what();
      EXPECT_NE(std::string(error->what()).find(database()), std::string::npos) << error->what();
      EXPECT_TRUE(content() == damaged) << "the file was changed";
    }
  }
}

TEST_F(DamagedStudy, FileThatIsNoDatabase) {
  overwrite(std::string(10000, 'x'));
  expect_refused("damaged (file is not a database)");
}

TEST_F(DamagedStudy, DamagedTextNamesTrialAndKey) {
  const std::string other = content();
  for (const std::string key : {"nas:arch", "nas:sample", "nas:hash", "nas:parents", "nas:changes",
                                "nas:origin", "nas:scores", "nas:seconds"}) {
    for (const std::string text : {"{\"nas_architecture\"", "{}", "\"x\"", "[1.5, {}]", "true"}) {
      if (key == "nas:origin" && text == "\"x\"") continue;  // any word is an origin
      SCOPED_TRACE(::testing::Message() << key << " = " << text);
      overwrite(other);
      execute(std::string("UPDATE trial_user_attributes SET value_json = '")
                  .append(text)
                  .append("' WHERE \"key\" = '")
                  .append(key)
                  .append("' AND trial_id = (SELECT trial_id FROM trials WHERE number = 1)"));
      const auto error = failure(Study::Access::kWrite);
      ASSERT_TRUE(error);
      EXPECT_EQ(error->kind(), ErrorKind::kStudy) << error->what();
      EXPECT_NE(std::string(error->what()).find(database() + ": trial 1, " + key),
                std::string::npos)
          << error->what();
    }
  }
}

TEST_F(DamagedStudy, DamagedRows) {
  const std::string whole = content();
  const auto message_after = [&](const std::string& sql) {
    overwrite(whole);
    execute(sql);
    const auto error = failure(Study::Access::kRead);
    EXPECT_EQ(error->kind(), ErrorKind::kStudy) << error->what();
    return std::string(error->what());
  };
  EXPECT_EQ(message_after("DELETE FROM trials WHERE number = 1"),
            database() + " has no trial 1 but has trial 2");
  EXPECT_NE(message_after("DELETE FROM trial_user_attributes WHERE \"key\" = 'nas:arch'")
                .find("trial 0, nas:arch is missing"),
            std::string::npos);
  EXPECT_NE(
      message_after("UPDATE trials SET state = 'DONE' WHERE number = 2").find("trial 2, state"),
      std::string::npos);
  EXPECT_NE(message_after("UPDATE trial_values SET value = NULL").find("trial 0, value"),
            std::string::npos);
  EXPECT_NE(message_after("DELETE FROM trial_values").find("trial 0, value"), std::string::npos);
  EXPECT_NE(
      message_after("UPDATE nas_repeats SET outcome_json = '{}'").find("repeat 1 of \"winner\""),
      std::string::npos);
  EXPECT_NE(message_after("UPDATE study_user_attributes SET value_json = '{' WHERE \"key\" = "
                          "'nas:config'")
                .find("nas:config"),
            std::string::npos);
  EXPECT_NE(message_after("DROP TABLE trial_values").find("does not hold what nas wrote"),
            std::string::npos);
}

TEST_F(DamagedStudy, NewerStudy) {
  execute("UPDATE nas_schema SET version = 7");
  expect_refused(database() + " was made by a newer nas (schema 7, this one reads up to 1)");
}

TEST_F(DamagedStudy, StudyUpgradedByNewerOptuna) {
  execute("UPDATE alembic_version SET version_num = 'v9.0.0.a'");
  expect_refused("Optuna's tables are of revision \"v9.0.0.a\", this nas reads \"v3.2.0.a\"");
}

TEST_F(DamagedStudy, OptunaTablesOfAnotherSchema) {
  execute("UPDATE version_info SET schema_version = 13");
  expect_refused("Optuna's tables are of schema 13, this nas reads 12");
}

TEST_F(DamagedStudy, OptunaStudyThatNasDidNotMake) {
  for (const std::string table :
       {"nas_schema", "nas_studies", "nas_attempts", "nas_repeats", "nas_breaks"}) {
    execute("DROP TABLE " + table);
  }
  expect_refused("is an Optuna study that nas did not make");
}

TEST_F(DamagedStudy, TablesWithoutStudy) {
  execute("DELETE FROM nas_studies");
  expect_refused("holds no study of nas");
}

TEST(ForeignDatabase, IsRefusedAndItsFolderLeftAlone) {
  const TemporaryFolder folder;
  {
    Connection connection(folder / "study.db", Connection::Mode::kCreate);
    connection.session() << "CREATE TABLE notes (text TEXT)";
  }
  const std::string before = read_file(folder / "study.db");
  for (const auto access : {Study::Access::kRead, Study::Access::kWrite}) {
    const auto error = error_of([&] { return Study::open(folder.path(), access); });
    EXPECT_EQ(error->kind(), ErrorKind::kStudy);
    EXPECT_EQ(std::string(error->what()),
              (folder / "study.db") +
                  " is a database of another program; nothing was changed. Choose another folder");
  }
  EXPECT_TRUE(read_file(folder / "study.db") == before);
  EXPECT_FALSE(std::filesystem::exists(folder / "lock"));
}

}  // namespace
}  // namespace nas::store
