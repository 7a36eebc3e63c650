#include "report/program_graph.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "example_facts.hpp"
#include "report/sections.hpp"

namespace nas::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = text.find(part, at)) != std::string::npos; ++at) ++count;
  return count;
}

const LayerProgram kBefore = {"layer 0",
                              "program(x: [batch, seq, model_dim])\n"
                              "  v1 = linear(x, out=inner_dim)\n"
                              "  v2 = relu(v1)\n"
                              "  v3 = linear(v2)\n"
                              "  return v3\n"};
const LayerProgram kAfter = {"layer 0: heads 2, \"quoted\"",
                             "program(x: [batch, seq, model_dim])\n"
                             "  v1 = linear(x, out=inner_dim)\n"
                             "  v2 = relu(v1)\n"
                             "  v3 = square(v2)\n"
                             "  v4 = linear(v3)\n"
                             "  return v4\n"};

TEST(ProgramGraph, HasANodeForEachValueAndAnEdgeForEachUse) {
  const std::string graph = graph_text({kAfter}, {});
  EXPECT_EQ(count_of(graph, "shape=plaintext"), 2U);  // x and out
  EXPECT_EQ(count_of(graph, " -> "), 5U);
  EXPECT_EQ(count_of(graph, "fillcolor=\"#dbe6f4\""), 2U);  // the two linear maps have parameters
  EXPECT_THAT(graph, HasSubstr("label=\"linear\\nout=inner_dim\""));
  EXPECT_THAT(graph, HasSubstr("label=\"layer 0: heads 2, \\\"quoted\\\"\""));
}

TEST(ProgramGraph, FramesOnlyWhatTheAncestorHasNot) {
  EXPECT_THAT(graph_text({kAfter}, {}), Not(HasSubstr("penwidth")));
  const std::string graph = graph_text({kAfter}, {kBefore});
  EXPECT_EQ(count_of(graph, "penwidth=2"), 1U);
  const std::size_t square = graph.find("label=\"square\"");
  ASSERT_NE(square, std::string::npos);
  EXPECT_LT(graph.find("penwidth=2"), graph.find('\n', square));
}

TEST(DistinctPrograms, JoinEqualNeighbours) {
  StudyFacts facts = testing::example_facts();
  space::Architecture architecture = facts.space->architecture(facts.space->initial());
  space::LayerSpec other = architecture.layers[0];
  other.inner_dim = 32;
  architecture.layers = {architecture.layers[0], architecture.layers[0], other};
  const auto programs = distinct_programs(architecture);
  ASSERT_EQ(programs.size(), 2U);
  EXPECT_EQ(programs[0].title, "layers 0 to 1: heads 4, inner_dim 64");
  EXPECT_EQ(programs[1].title, "layer 2: heads 4, inner_dim 32");
}

TEST(DrawWinner, SaysWhyThereIsNoDrawing) {
  StudyFacts facts = testing::example_facts();
  EXPECT_EQ(draw_winner(facts).missing, "no trial was evaluated to the end");
  testing::add_trial(facts, 1.0);
  const Drawing drawing = draw_winner(facts, "no-such-program-of-graphviz");
  EXPECT_EQ(drawing.svg, "");
  EXPECT_EQ(drawing.missing,
            "cannot start no-such-program-of-graphviz: No such file or directory (Graphviz; "
            "Debian: graphviz)");
  EXPECT_THAT(draw_winner(facts, "false").missing, HasSubstr("false ended with exit code 1"));
  const Json shown = winner(facts, drawing);
  EXPECT_EQ(shown.at("no_drawing"), drawing.missing);
  EXPECT_THAT(shown.at("programs").at(0).at("text").get<std::string>(), HasSubstr("softmax("));
}

TEST(DrawWinner, DrawsWithGraphviz) {
  StudyFacts facts = testing::example_facts();
  testing::add_trial(facts, 1.0);
  const Drawing drawing = draw_winner(facts);
  if (drawing.svg.empty()) GTEST_SKIP() << drawing.missing;
  EXPECT_TRUE(drawing.svg.starts_with("<svg")) << drawing.svg.substr(0, 200);
  EXPECT_THAT(drawing.svg, HasSubstr("softmax"));
}

}  // namespace
}  // namespace nas::report
