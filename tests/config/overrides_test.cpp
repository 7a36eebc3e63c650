#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"
#include "nas/core/error.hpp"
#include "support/error_of.hpp"

namespace nas::config {
namespace {

constexpr const char* kFile =
    R"({"name": "x", "training": {"steps": 5}, "list": [{"metric": "a"}, 2],
        "search": {"options": {"population": 9}}})";

Json apply(const std::vector<std::string>& overrides) {
  JsonPositions positions("c.json");
  Json json = parse_json(kFile, positions);
  for (const std::string& text : overrides) apply_override(json, positions, text);
  return json;
}

std::string refusal(const std::string& text) {
  const auto error = test::error_of([&] { return apply({text}); });
  if (!error) return "";
  EXPECT_EQ(error->kind(), ErrorKind::kUsage);
  return error->what();
}

TEST(ApplyOverride, SetsValuesOfEveryType) {
  EXPECT_EQ(apply({"training.steps=200"})["training"]["steps"], 200);
  EXPECT_TRUE(apply({"training.steps=200"})["training"]["steps"].is_number_integer());
  EXPECT_EQ(apply({"training.rate=1e-3"})["training"]["rate"], 0.001);
  EXPECT_EQ(apply({"training.on=true"})["training"]["on"], true);
  EXPECT_EQ(apply({"training.steps=null"})["training"]["steps"], nullptr);
  EXPECT_EQ(apply({"search.options.population=20"})["search"]["options"]["population"], 20);
}

TEST(ApplyOverride, TakesTextsWithAndWithoutQuotes) {
  EXPECT_EQ(apply({"name=other"})["name"], "other");
  EXPECT_EQ(apply({"name=\"other\""})["name"], "other");
  EXPECT_EQ(apply({"name=\"200\""})["name"], "200");
  EXPECT_EQ(apply({"device=cuda:0"})["device"], "cuda:0");
  EXPECT_EQ(apply({"data.corpus=a=b c.txt"})["data"]["corpus"], "a=b c.txt");
  EXPECT_EQ(apply({"name="})["name"], "");
}

TEST(ApplyOverride, TakesJsonListsAndObjects) {
  EXPECT_EQ(apply({R"(search.enqueue=["a.json", "b.json"])"})["search"]["enqueue"].dump(),
            R"(["a.json","b.json"])");
  EXPECT_EQ(apply({R"(training={"steps": 1})"})["training"].dump(), R"({"steps":1})");
}

TEST(ApplyOverride, MakesSectionsOnTheWay) {
  EXPECT_EQ(apply({"budget.trials=7"})["budget"].dump(), R"({"trials":7})");
  EXPECT_EQ(apply({"a.b.c=1"})["a"].dump(), R"({"b":{"c":1}})");
}

TEST(ApplyOverride, ReachesIntoLists) {
  EXPECT_EQ(apply({"list.0.metric=b"})["list"].dump(), R"([{"metric":"b"},2])");
  EXPECT_EQ(apply({"list.1=3"})["list"].dump(), R"([{"metric":"a"},3])");
  EXPECT_EQ(apply({"+list.2=3"})["list"].dump(), R"([{"metric":"a"},2,3])");
  EXPECT_EQ(apply({"~list.0"})["list"].dump(), "[2]");
}

TEST(ApplyOverride, AddsWithPlusAndDeletesWithTilde) {
  EXPECT_EQ(apply({"+training.extra=1"})["training"].dump(), R"({"steps":5,"extra":1})");
  EXPECT_EQ(apply({"++training.steps=6"})["training"].dump(), R"({"steps":6})");
  EXPECT_EQ(apply({"~training.steps"})["training"].dump(), "{}");
  EXPECT_FALSE(apply({"~training"}).contains("training"));
}

TEST(ApplyOverride, WorksInOrder) {
  EXPECT_EQ(apply({"name=a", "name=b", "~training", "training.steps=1"}).dump(),
            R"({"name":"b","list":[{"metric":"a"},2],"search":{"options":{"population":9}},)"
            R"("training":{"steps":1}})");
}

TEST(ApplyOverride, NotesWhereAValueComesFrom) {
  JsonPositions positions("c.json");
  Json json = parse_json(kFile, positions);
  apply_override(json, positions, "training.steps=7");
  apply_override(json, positions, "list.0={\"metric\": \"b\"}");
  EXPECT_EQ(positions.describe("/training/steps"), "--set training.steps=7");
  EXPECT_EQ(positions.describe("/list/0/metric"), "--set list.0={\"metric\": \"b\"}");
  EXPECT_EQ(positions.describe("/list/1"), "c.json:1:67");
  apply_override(json, positions, "~list.0");
  EXPECT_EQ(positions.describe("/list/0"), "--set ~list.0");
}

TEST(ApplyOverride, RefusesWhatIsMalformed) {
  const std::string form = ": must be KEY=VALUE, +KEY=VALUE (a new key) or ~KEY (delete)";
  EXPECT_EQ(refusal("training.steps"), "--set training.steps" + form);
  EXPECT_EQ(refusal("~name=x"), "--set ~name=x" + form);
  EXPECT_EQ(refusal("~"), "--set ~: a part of the key is empty");
  EXPECT_EQ(refusal("=1"), "--set =1: a part of the key is empty");
  EXPECT_EQ(refusal("a..b=1"), "--set a..b=1: a part of the key is empty");
  EXPECT_EQ(refusal("a.=1"), "--set a.=1: a part of the key is empty");
  EXPECT_EQ(refusal("name=\xff"), "--set: the text is not valid UTF-8");
  EXPECT_EQ(refusal("search.enqueue=[a.json]"),
            "--set search.enqueue=[a.json]: not valid JSON: value:1:2: expected a value but found "
            "'a.json'");
}

TEST(ApplyOverride, RefusesWhatDoesNotFitTheFile) {
  EXPECT_EQ(refusal("+name=y"),
            "--set +name=y: the key is there already, as \"x\"; leave out the + to change it");
  EXPECT_EQ(refusal("~training.stesp"),
            "--set ~training.stesp: training.stesp is not in the file, nothing to delete; did you "
            "mean \"steps\"?");
  EXPECT_EQ(refusal("~budget.trials"),
            "--set ~budget.trials: budget is not in the file, nothing to delete");
  EXPECT_EQ(refusal("name.first=1"), "--set name.first=1: name is a text and has no keys");
  EXPECT_EQ(refusal("list.1.x=1"), "--set list.1.x=1: list.1 is a whole number and has no keys");
  EXPECT_EQ(
      refusal("list.2=1"),
      "--set list.2=1: list is a list of 2: \"2\" is none of its entries, which count from 0");
  EXPECT_EQ(refusal("list.first=1"),
            "--set list.first=1: list is a list of 2: \"first\" is none of its entries, which "
            "count from 0");
  EXPECT_EQ(refusal("+list.5=1"), "--set +list.5=1: the next entry of list is number 2");
}

}  // namespace
}  // namespace nas::config
