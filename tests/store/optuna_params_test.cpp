#include "store/optuna_params.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace nas::store {
namespace {

// Expected texts are what optuna.distributions.distribution_to_json and json.dumps print.

TEST(OptunaParams, CategoricalDistribution) {
  space::Choice choice;
  choice.options = {"x", 1, 2.5, true, nullptr, "y \"é\"\n"};
  EXPECT_EQ(distribution_json(choice),
            R"({"name": "CategoricalDistribution", "attributes": {"choices": )"
            R"(["x", 1, 2.5, true, null, "y \"\u00e9\"\n"]}})");
  EXPECT_EQ(internal_value(choice, 4), 4.0);
}

TEST(OptunaParams, IntDistribution) {
  space::Choice choice;
  choice.is_integer_range = true;
  choice.min = 1;
  choice.max = 9;
  choice.step = 2;
  for (std::int64_t value = 1; value <= 9; value += 2) choice.options.emplace_back(value);
  EXPECT_EQ(distribution_json(choice), R"({"name": "IntDistribution", "attributes": )"
                                       R"({"log": false, "step": 2, "low": 1, "high": 9}})");
  EXPECT_EQ(internal_value(choice, 0), 1.0);
  EXPECT_EQ(internal_value(choice, 3), 7.0);
}

TEST(OptunaParams, IntDistributionEndsAtAReachedValue) {
  space::Choice choice;
  choice.is_integer_range = true;
  choice.min = 2;
  choice.max = 11;
  choice.step = 4;
  EXPECT_NE(distribution_json(choice).find("\"high\": 10}"), std::string::npos);
}

TEST(OptunaParams, RealsAsPythonShowsThem) {
  const auto expect = [](double value, const std::string& text) {
    EXPECT_EQ(python_json(value), text);
  };
  expect(0.0, "0.0");
  expect(-0.0, "-0.0");
  expect(1.0, "1.0");
  expect(0.1, "0.1");
  expect(1.0 / 3, "0.3333333333333333");
  expect(1e15, "1000000000000000.0");
  expect(9999999999999998.0, "9999999999999998.0");
  expect(1e16, "1e+16");
  expect(1.5e300, "1.5e+300");
  expect(1e-4, "0.0001");
  expect(9.9e-5, "9.9e-05");
  expect(-2.5e-7, "-2.5e-07");
  expect(5e-324, "5e-324");
  expect(std::numeric_limits<double>::infinity(), "Infinity");
  expect(-std::numeric_limits<double>::infinity(), "-Infinity");
}

TEST(OptunaParams, ScalarsAsPythonWritesThem) {
  EXPECT_EQ(python_json("\x7f\b\f\r\t\\/ \xF0\x9F\x98\x80"), R"("\u007f\b\f\r\t\\/ \ud83d\ude00")");
  EXPECT_EQ(python_json(-7), "-7");
  EXPECT_EQ(python_json(false), "false");
}

}  // namespace
}  // namespace nas::store
