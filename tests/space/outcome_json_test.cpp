#include "nas/space/outcome_json.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "nas/core/philox.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

/// The number after a passage through text.
double passed_on(double value) {
  return number_from_json(Json::parse(number_to_json(value).dump()));
}

TEST(NumberJson, IsValidJsonForEveryNumber) {
  EXPECT_EQ(number_to_json(kNan).dump(), "null");
  EXPECT_EQ(number_to_json(kInfinity).dump(), "\"inf\"");
  EXPECT_EQ(number_to_json(-kInfinity).dump(), "\"-inf\"");
  EXPECT_EQ(number_to_json(0.1).dump(), "0.1");
  EXPECT_EQ(test::message_of([] { return number_from_json("many"); }), "\"many\" is no number");
}

TEST(NumberJson, KeepsEveryBit) {
  using Limits = std::numeric_limits<double>;
  for (const double value : {0.0, -0.0, 3.0, Limits::denorm_min(), Limits::min(), Limits::max(),
                             Limits::lowest(), kInfinity, -kInfinity}) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(passed_on(value)), std::bit_cast<std::uint64_t>(value))
        << value;
  }
  EXPECT_TRUE(std::isnan(passed_on(kNan)));
  DrawCursor cursor({1, Purpose::kTest, 0, 0});
  for (int i = 0; i < 10'000; ++i) {
    const std::uint64_t bits = std::uint64_t{cursor.bits()} << 32U | cursor.bits();
    const auto value = std::bit_cast<double>(bits);
    if (std::isnan(value)) continue;
    ASSERT_EQ(std::bit_cast<std::uint64_t>(passed_on(value)), bits) << value;
  }
}

TEST(OutcomeJson, ReadsWhatItWrites) {
  Outcome outcome;
  outcome.state = TrialState::kPruned;
  outcome.reason = "hurdle";
  outcome.detail = "line\n\"two\"";
  outcome.value = -kInfinity;
  outcome.further_values = {0.1 + 0.2, kNan};
  outcome.intermediate = {{10, 0.3}, {std::int64_t{1} << 62U, kNan}};
  outcome.hurdles = {10, 0};
  outcome.scores = {{"latency_us[b1]", 0.1 + 0.2, "us", kNan, "median"}};
  outcome.seconds = 1e-300;
  const Outcome again = outcome_from_json(Json::parse(outcome_to_json(outcome).dump()));
  EXPECT_EQ(again.state, outcome.state);
  EXPECT_EQ(again.reason, outcome.reason);
  EXPECT_EQ(again.detail, outcome.detail);
  EXPECT_EQ(again.value, outcome.value);
  ASSERT_EQ(again.further_values.size(), 2U);
  EXPECT_EQ(again.further_values[0], outcome.further_values[0]);
  EXPECT_TRUE(std::isnan(again.further_values[1]));
  ASSERT_EQ(again.intermediate.size(), 2U);
  EXPECT_EQ(again.intermediate[0], outcome.intermediate[0]);
  EXPECT_EQ(again.intermediate[1].first, outcome.intermediate[1].first);
  EXPECT_TRUE(std::isnan(again.intermediate[1].second));
  EXPECT_EQ(again.hurdles, outcome.hurdles);
  ASSERT_EQ(again.scores.size(), 1U);
  EXPECT_EQ(again.scores[0].name, outcome.scores[0].name);
  EXPECT_EQ(again.scores[0].value, outcome.scores[0].value);
  EXPECT_EQ(again.scores[0].unit, outcome.scores[0].unit);
  EXPECT_TRUE(std::isnan(again.scores[0].spread));
  EXPECT_EQ(again.scores[0].protocol, outcome.scores[0].protocol);
  EXPECT_EQ(again.seconds, outcome.seconds);
}

}  // namespace
}  // namespace nas::space
