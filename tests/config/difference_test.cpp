#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "nas/config/run_config.hpp"

namespace nas::config {
namespace {

using Lines = std::vector<std::string>;

Lines difference(const std::string& before, const std::string& after) {
  return config_difference(Json::parse(before), Json::parse(after));
}

TEST(ConfigDifference, IsEmptyForEqualDocuments) {
  const std::string text = R"({"a": 1, "b": {"c": [1, 2.0]}})";
  EXPECT_EQ(difference(text, text), Lines{});
  EXPECT_EQ(difference(R"({"a": 1})", R"({"a": 1.0})"), Lines{});
}

TEST(ConfigDifference, NamesEachKeyThatDiffers) {
  EXPECT_EQ(difference(R"({"training": {"steps": 200, "name": "x"}, "gone": {"deep": 1}})",
                       R"({"training": {"steps": 300, "name": "x"}, "new": [1, "a"]})"),
            (Lines{"training.steps: 200 -> 300", "gone: {\"deep\":1} -> (absent)",
                   "new: (absent) -> [1,\"a\"]"}));
}

TEST(ConfigDifference, ComparesListsOfOneLengthByEntry) {
  EXPECT_EQ(difference(R"({"l": [{"metric": "a"}, 2]})", R"({"l": [{"metric": "b"}, 2]})"),
            Lines{"l.0.metric: \"a\" -> \"b\""});
  EXPECT_EQ(difference(R"({"l": [1]})", R"({"l": [1, 2]})"), Lines{"l: [1] -> [1,2]"});
}

TEST(ConfigDifference, SeesAChangeOfTypeAndOfOrder) {
  EXPECT_EQ(difference(R"({"a": {"b": 1}})", R"({"a": 1})"), Lines{"a: {\"b\":1} -> 1"});
  EXPECT_EQ(difference(R"({"space": {"x": 1, "y": 2}})", R"({"space": {"y": 2, "x": 1}})"),
            Lines{"space: the same keys in another order"});
  EXPECT_EQ(difference("1", "[]"), Lines{"configuration: 1 -> []"});
}

TEST(IsBudgetKey, HoldsForWhatMayChangeOnResume) {
  for (const char* key : {"budget", "budget.trials", "verify.top", "name", "device"}) {
    EXPECT_TRUE(is_budget_key(key)) << key;
  }
  for (const char* key : {"seed", "devices", "training.steps", "budgets", "names", "training.name",
                          "search.name", ""}) {
    EXPECT_FALSE(is_budget_key(key)) << key;
  }
}

}  // namespace
}  // namespace nas::config
