#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::config {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

/// Works in another folder while it lives.
class WorkingFolder {
 public:
  explicit WorkingFolder(const std::string& path) : before_(fs::current_path()) {
    fs::current_path(path);
  }
  ~WorkingFolder() { fs::current_path(before_); }
  WorkingFolder(const WorkingFolder&) = delete;
  WorkingFolder& operator=(const WorkingFolder&) = delete;

 private:
  fs::path before_;
};

TEST(ReadConfig, AppliesOverridesInOrder) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "c.json",
      R"({"space": {}, "training": {"steps": 5}, "search": {"options": {"tournament": 3}}})");
  const RunConfig config =
      read_config(path, {"training.steps=100", "training.steps=200", "search.options.population=20",
                         "~search.options.tournament", "device=cpu", "+verify={\"top\": 0}"});
  EXPECT_EQ(config.training.steps, 200);
  EXPECT_EQ(config.search.options->dump(), R"({"population":20})");
  EXPECT_EQ(config.device, "cpu");
  EXPECT_EQ(config.verify.top, 0);
}

TEST(ReadConfig, BlamesAnOverrideForItsValue) {
  const TemporaryFolder folder;
  const std::string path = folder.write("c.json", R"({"space": {}, "seed": -1})");
  const auto error = test::error_of([&] {
    return read_config(path, {"training.steps=many", "training.stesp=3"});
  });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  EXPECT_EQ(
      std::string(error->what()),
      "seed = -1 (" + path +
          ":1:15): must be a whole number in [0, 18446744073709551615]\n"
          "training.steps = \"many\" (--set training.steps=many): must be a whole number in "
          "[1, 1000000000], not a text\n"
          "training.stesp (--set training.stesp=3): unknown key; did you mean \"steps\"? "
          "(known here: budget, steps, batch_size, seq_len, eval_batches, eval_every, optimizer, "
          "schedule, hurdles, checkpoint_every, timeout_seconds, threads, fuse, capture, "
          "deterministic, "
          "check_causality, precision, tensorboard)");
}

TEST(ReadConfig, GivesPositionsToThoseWhoReadSubDocuments) {
  const TemporaryFolder folder;
  const std::string path = folder.write("c.json", "{\n  \"space\": {\"layers\": 2}\n}");
  JsonPositions positions;
  const RunConfig config = read_config(path, {"space.model_dim=8"}, &positions);
  EXPECT_EQ(positions.describe("/space/layers"), path + ":2:13");
  EXPECT_EQ(positions.describe("/space/model_dim"), "--set space.model_dim=8");
  EXPECT_EQ(config.space->dump(), R"({"layers":2,"model_dim":8})");
}

TEST(ReadConfig, TakesTheNameOfTheFile) {
  const TemporaryFolder folder;
  EXPECT_EQ(read_config(folder.write("primer.json", R"({"space": {}})"), {}).name, "primer");
  EXPECT_EQ(read_config(folder.write("my primer (2).json", R"({"space": {}})"), {}).name,
            "my_primer__2_");
  EXPECT_EQ(read_config(folder.write("-x.json", R"({"space": {}})"), {}).name, "_-x");
  EXPECT_EQ(read_config(folder.write("a.json", R"({"space": {}, "name": "b"})"), {}).name, "b");
  EXPECT_EQ(read_config(folder.write("a.json", R"({"space": {}})"), {"name=c"}).name, "c");
}

TEST(ReadConfig, MakesPathsAbsolute) {
  const TemporaryFolder folder;
  const TemporaryFolder elsewhere;
  const std::string path = folder.write(
      "configs/c.json",
      R"({"space": {}, "data": {"corpus": "text.txt"}, "search": {"enqueue": ["../a.json"]}})");
  folder.write("configs/text.txt", "beside the configuration");
  folder.write("a.json", "{}");
  const WorkingFolder working(elsewhere.path());
  const RunConfig config = read_config(path, {});
  EXPECT_EQ(config.data.corpus, folder / "configs/text.txt");
  EXPECT_EQ(*config.search.enqueue, Json::array({folder / "a.json"}));

  // The working folder comes first.
  const std::string nearer = elsewhere.write("text.txt", "in the working folder");
  EXPECT_EQ(fs::canonical(read_config(path, {}).data.corpus), fs::canonical(nearer));
  EXPECT_EQ(read_config(path, {"data.corpus=" + (folder / "a.json")}).data.corpus,
            folder / "a.json");
  EXPECT_EQ(read_config(path, {"data.corpus=python"}).data.corpus, "python");
}

TEST(ReadConfig, NamesFilesThatAreNotThere) {
  const TemporaryFolder folder;
  const std::string path = folder.write(
      "c.json",
      R"({"space": {}, "data": {"corpus": "no.txt"}, "search": {"enqueue": ["/no/a.json"]}})");
  const WorkingFolder working(folder.path());
  EXPECT_EQ(test::message_of([&] { return read_config(path, {}); }),
            "data.corpus = \"no.txt\" (" + path + ":1:24): there is no such file or folder in " +
                fs::current_path().string() + "\nsearch.enqueue.0 = \"/no/a.json\" (" + path +
                ":1:68): there is no such file");
  // A stored configuration is read without looking at files.
  const Json stored = Json::parse(R"({"space": {}, "data": {"corpus": "/no/text"}})");
  EXPECT_EQ(config_from_json(stored, JsonPositions("study")).data.corpus, "/no/text");
}

TEST(ReadConfig, AFileThatCannotBeReadIsAMistakeOfTheConfiguration) {
  const TemporaryFolder folder;
  const auto error = test::error_of([&] { return read_config(folder / "none.json", {}); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
  EXPECT_EQ(std::string(error->what()),
            "cannot read " + (folder / "none.json") + ": No such file or directory");
  const std::string broken = folder.write("c.json", "{\"space\": {}");
  EXPECT_EQ(test::message_of([&] { return read_config(broken, {}); }),
            broken + ":1:13: expected ',' or '}' but found the end of the file");
  const std::string list = folder.write("l.json", "[]");
  EXPECT_EQ(test::message_of([&] { return read_config(list, {"a=1"}); }),
            "(" + list + ":1:1): must be an object, not a list");
}

TEST(ReadConfig, TheResolvedFormNamesTheSameStudy) {
  const TemporaryFolder folder;
  const std::string text = folder.write("text.txt", "x");
  const std::string path =
      folder.write("c.json", R"({"space": {"layers": 2}, "data": {"corpus": "text.txt"}})");
  const RunConfig config = read_config(path, {"training.steps=7"});
  const RunConfig again = read_config(folder.write("r.json", to_json(config).dump(2)), {});
  EXPECT_EQ(to_json(again), to_json(config));
  EXPECT_EQ(config_hash(again), config_hash(config));
  EXPECT_EQ(config_difference(to_json(config), to_json(again)), std::vector<std::string>{});
}

}  // namespace
}  // namespace nas::config
