#include "space/rule.hpp"

#include <gtest/gtest.h>

#include "support/error_of.hpp"

namespace nas::space {
namespace {

using test::message_of;

/// layers 6, model_dim 64, heads 4, inner_dim 256, head_dim 16.
bool holds(const std::string& text) {
  return Rule::parse(text, "rule").holds({{6, 64, 4, 256, 16}});
}

std::string message(const std::string& text) {
  return message_of([&] { return Rule::parse(text, "rule"); });
}

TEST(Rule, ReadsEverySize) {
  EXPECT_TRUE(holds("layers == 6"));
  EXPECT_TRUE(holds("model_dim == 64"));
  EXPECT_TRUE(holds("heads == 4"));
  EXPECT_TRUE(holds("inner_dim == 256"));
  EXPECT_TRUE(holds("head_dim == 16"));
}

TEST(Rule, Compares) {
  EXPECT_TRUE(holds("3 < 4"));
  EXPECT_FALSE(holds("4 < 4"));
  EXPECT_TRUE(holds("4 <= 4"));
  EXPECT_FALSE(holds("5 <= 4"));
  EXPECT_TRUE(holds("5 > 4"));
  EXPECT_FALSE(holds("4 > 4"));
  EXPECT_TRUE(holds("4 >= 4"));
  EXPECT_FALSE(holds("3 >= 4"));
  EXPECT_TRUE(holds("4 != 3"));
  EXPECT_FALSE(holds("4 != 4"));
  EXPECT_FALSE(holds("4 == 3"));
}

TEST(Rule, CountsAsInSchool) {
  EXPECT_TRUE(holds("1 + 2 * 3 == 7"));
  EXPECT_TRUE(holds("(1 + 2) * 3 == 9"));
  EXPECT_TRUE(holds("10 - 3 - 2 == 5"));
  EXPECT_TRUE(holds("12 / 2 / 3 == 2"));
  EXPECT_TRUE(holds("2 * 3 + 4 * 5 == 26"));
  EXPECT_TRUE(holds("-(2 - 5) == 3"));
  EXPECT_TRUE(holds("2 - -3 == 5"));
  EXPECT_TRUE(holds("2*-3 == -6"));
  EXPECT_TRUE(holds("1.5e1 == 15"));
  EXPECT_TRUE(holds("heads * head_dim == model_dim"));
  EXPECT_TRUE(holds("inner_dim >= 1.7 * model_dim"));
  EXPECT_FALSE(holds("inner_dim > 4 * model_dim"));
  EXPECT_TRUE(holds("(((1 + (2 + (3 + (4 + (5 + 6))))))) == 21"));
}

TEST(Rule, AComparisonWithNoNumberDoesNotHold) {
  for (const char* comparison : {"<", "<=", ">", ">=", "==", "!="}) {
    EXPECT_FALSE(holds(std::string("0 / 0 ") + comparison + " 0")) << comparison;
  }
  EXPECT_TRUE(holds("1 / 0 > heads"));
}

TEST(Rule, KeepsItsText) { EXPECT_EQ(Rule::parse(" heads>1 ", "rule").text(), " heads>1 "); }

TEST(Rule, Errors) {
  EXPECT_EQ(message(""), "rule, column 1: the text ends here, expected a number, a size or \"(\"");
  EXPECT_EQ(message("heads"),
            "rule, column 6: the text ends here, expected a comparison (<, <=, >, >=, ==, !=)");
  EXPECT_EQ(message("heads = 4"),
            "rule, column 7: found \"=\", expected a comparison (<, <=, >, >=, ==, !=)");
  EXPECT_EQ(message("haeds > 4"),
            "rule, column 1: unknown size \"haeds\", did you mean \"heads\"? (known: layers, "
            "model_dim, heads, inner_dim, head_dim)");
  EXPECT_EQ(message("heads > 4 > 3"), "rule, column 11: found \">\", expected the end of the rule");
  EXPECT_EQ(message("heads > (4 + 3"), "rule, column 15: the text ends here, expected \")\"");
  EXPECT_EQ(message("heads > 4 +"),
            "rule, column 12: the text ends here, expected a number, a size or \"(\"");
  EXPECT_EQ(message("heads >> 4"),
            "rule, column 8: found \">\", expected a number, a size or \"(\"");
  EXPECT_EQ(message("heads % 4 == 0"), "rule, column 7: \"%\" has no meaning here");
  EXPECT_EQ(message(std::string(1000, '(')), "rule, column 65: the rule is nested too deep");
  EXPECT_EQ(message(std::string(1000, '-')), "rule, column 65: the rule is nested too deep");
}

// As deep as is allowed, with an operand waiting at every level.
TEST(Rule, TheStackHoldsTheDeepestRule) {
  std::string sum = "1";
  for (int i = 0; i < 31; ++i) sum = "1 + (" + sum + ")";
  EXPECT_TRUE(holds("1 + " + sum + " - 1 == 32"));
  EXPECT_TRUE(holds("32 == " + sum));
}

}  // namespace
}  // namespace nas::space
