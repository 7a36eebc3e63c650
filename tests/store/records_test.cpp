#include "store/records.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

#include "store/example_study.hpp"
#include "support/error_of.hpp"

namespace nas::store {
namespace {

using test::message_of;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(Records, TimeAsSqlAlchemyWritesIt) {
  EXPECT_TRUE(
      std::regex_match(current_time(), std::regex(R"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})")))
      << current_time();
}

TEST(Records, NumberColumns) {
  EXPECT_EQ(number_columns(kNan).type, "NAN");
  EXPECT_EQ(number_columns(kInfinity).type, "INF_POS");
  EXPECT_EQ(number_columns(-kInfinity).type, "INF_NEG");
  EXPECT_EQ(number_columns(kInfinity).indicator, soci::i_null);
  EXPECT_EQ(number_columns(0.25).type, "FINITE");
  EXPECT_EQ(number_columns(0.25).indicator, soci::i_ok);
  for (const double value : {kInfinity, -kInfinity, 0.1, -3.0}) {
    EXPECT_EQ(number_of(number_columns(value), "x"), value);
  }
  EXPECT_TRUE(std::isnan(number_of(number_columns(kNan), "x")));
  EXPECT_EQ(message_of([] {
              return number_of({1, soci::i_ok, "HALF"}, "trial 3, value");
            }),
            "trial 3, value does not hold what nas writes there: a number of type \"HALF\"");
}

TEST(Records, NumbersInJson) {
  EXPECT_TRUE(std::isnan(real_of("null", "x")));
  EXPECT_EQ(real_of("\"-inf\"", "x"), -kInfinity);
  EXPECT_TRUE(std::signbit(real_of("-0.0", "x")));
  EXPECT_EQ(message_of([] { return real_of("\"many\"", "x"); }),
            "x does not hold what nas writes there: \"many\" is no number");
}

TEST(Records, Hash) {
  const Hash128 hash{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  EXPECT_EQ(hash_text_of(hash), "\"0123456789abcdeffedcba9876543210\"");
  EXPECT_EQ(hash_of_text(hash_text_of(hash), "x"), hash);
  for (const char* text : {"\"0123\"", "\"0123456789abcdeffedcba987654321g\"",
                           "\"+123456789abcdeffedcba9876543210\"", "7"}) {
    EXPECT_EQ(message_of([&] {
                return hash_of_text(text, "trial 1, nas:hash");
              }).rfind("trial 1, nas:hash", 0),
              0U)
        << text;
  }
}

TEST(Records, Changes) {
  using enum space::MutationKind;
  std::vector<space::Change> changes;
  for (const auto kind : {kInsert, kDelete, kDeleteInsert, kField, kSwap, kChoice}) {
    changes.push_back({kind, "layer0.mixer"});
  }
  const auto again = changes_of(changes_text(changes), "x");
  ASSERT_EQ(again.size(), changes.size());
  for (std::size_t i = 0; i < changes.size(); ++i) {
    EXPECT_EQ(again[i].kind, changes[i].kind);
    EXPECT_EQ(again[i].where, changes[i].where);
  }
}

TEST(Records, Outcome) {
  space::Outcome outcome = testing::example_outcome(1);
  outcome.state = space::TrialState::kPruned;
  outcome.reason = "hurdle";
  outcome.detail = "line\n\"two\"";
  outcome.value = kInfinity;
  outcome.further_values = {0.1, kNan, -kInfinity};
  outcome.intermediate.emplace_back(30, kNan);
  const space::Outcome again = outcome_of(outcome_text(outcome), "x");
  EXPECT_EQ(testing::describe(space::Trial{0, testing::example_candidate(0), again}),
            testing::describe(space::Trial{0, testing::example_candidate(0), outcome}));
}

}  // namespace
}  // namespace nas::store
