#include "report/program_diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "nas/space/text.hpp"
#include "support/random_programs.hpp"

namespace nas::report {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> marked(const std::string& before, const std::string& after) {
  std::vector<std::string> lines;
  for (const DiffLine& line : program_diff(before, after)) lines.push_back(line.mark + line.text);
  return lines;
}

constexpr const char* kFeedForward =
    "program(x: [batch, seq, model_dim])\n"
    "  v1 = linear(x, out=inner_dim)\n"
    "  v2 = relu(v1)\n"
    "  v3 = linear(v2)\n"
    "  return v3\n";

TEST(ProgramDiff, ANewNodeChangesItsOwnLineAndItsReadersOnly) {
  EXPECT_THAT(
      marked(kFeedForward,
             "program(x: [batch, seq, model_dim])\n"
             "  v1 = linear(x, out=inner_dim)\n"
             "  v2 = relu(v1)\n"
             "  v3 = square(v2)\n"
             "  v4 = linear(v3)\n"
             "  return v4\n"),
      ElementsAre(" program(x: [batch, seq, model_dim])", "   v1 = linear(x, out=inner_dim)",
                  "   v2 = relu(v1)", "-  v3 = linear(v2)", "+  n1 = square(v2)",
                  "+  v3 = linear(n1)", "   return v3"));
}

TEST(ProgramDiff, ADeletedNodeLeavesTheOthersTheirNames) {
  EXPECT_THAT(
      marked(kFeedForward,
             "program(x: [batch, seq, model_dim])\n"
             "  v1 = linear(x, out=inner_dim)\n"
             "  v2 = linear(v1)\n"
             "  return v2\n"),
      ElementsAre(" program(x: [batch, seq, model_dim])", "   v1 = linear(x, out=inner_dim)",
                  "-  v2 = relu(v1)", "-  v3 = linear(v2)", "+  v3 = linear(v1)", "   return v3"));
}

TEST(ProgramDiff, AChangedFieldIsOneLineOldAndNew) {
  EXPECT_THAT(
      marked("program(x: [batch, seq, model_dim])\n  v1 = shift_time(x, steps=2)\n  return v1",
             "program(x: [batch, seq, model_dim])\n  v1 = shift_time(x, steps=3)\n  return v1"),
      ElementsAre(" program(x: [batch, seq, model_dim])", "-  v1 = shift_time(x, steps=2)",
                  "+  v1 = shift_time(x, steps=3)", "   return v1"));
}

TEST(ProgramDiff, EqualProgramsDifferInNothing) {
  for (const space::Program& program : test::random_programs(11, 40)) {
    const std::string text = to_text(program);
    for (const DiffLine& line : program_diff(text, text)) EXPECT_EQ(line.mark, ' ') << line.text;
  }
}

TEST(ProgramDiff, BothProgramsCanBeReadOffIt) {
  const std::vector<space::Program> programs = test::random_programs(12, 40);
  for (std::size_t i = 0; i + 1 < programs.size(); ++i) {
    std::string before, after;
    for (const DiffLine& line : program_diff(to_text(programs[i]), to_text(programs[i + 1]))) {
      if (line.mark != '+') before += line.text + "\n";
      if (line.mark != '-') after += line.text + "\n";
    }
    EXPECT_EQ(space::program_from_text(before, "before"), programs[i]);
    EXPECT_EQ(space::program_from_text(after, "after"), programs[i + 1]) << "pair " << i;
  }
}

TEST(LineDiff, MarksAsFewLinesAsCanBeAndBothTextsCanBeReadOffIt) {
  const std::string first = "a\nb\nc\nd\n";
  const std::string second = "b\nx\nd\ne\n";
  std::string before, after, marks;
  for (const DiffLine& line : line_diff(first, second)) {
    if (line.mark != '+') before += line.text + "\n";
    if (line.mark != '-') after += line.text + "\n";
    marks += line.mark;
  }
  EXPECT_EQ(before, first);
  EXPECT_EQ(after, second);
  EXPECT_EQ(marks, "- -+ +");
  EXPECT_TRUE(line_diff("", "").empty());
}

TEST(ProgramLines, WriteTheTextTheyWereReadFrom) {
  for (const space::Program& program : test::random_programs(13, 40)) {
    std::string text;
    for (const ProgramLine& line : program_lines(to_text(program))) text += to_text(line) + "\n";
    EXPECT_EQ(space::program_from_text(text, "again"), program);
  }
}

TEST(ProgramLines, TellOperandsFromFields) {
  const auto lines =
      program_lines("  v3 = add(v1, v2)\n  v4 = linear(v3, out=inner_dim, bias=true)");
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_THAT(lines[0].operands, ElementsAre("v1", "v2"));
  EXPECT_EQ(lines[1].operation, "linear");
  EXPECT_THAT(lines[1].operands, ElementsAre("v3"));
  EXPECT_THAT(lines[1].fields, ElementsAre("out=inner_dim", "bias=true"));
}

}  // namespace
}  // namespace nas::report
