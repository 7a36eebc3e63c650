#include "nas/nn/python_source.hpp"

#include <gtest/gtest.h>

#include "nn/models.hpp"

namespace nas::test {
namespace {

// That it computes what the model computes is parity_test.py's to show.

std::size_t count_of(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(PythonSource, LayersThatAreAlikeShareAClass) {
  space::Architecture architecture = vanilla_architecture();
  architecture.layers.push_back(primer_architecture().layers[0]);
  architecture.layers.push_back(architecture.layers[0]);
  architecture.layers.push_back(architecture.layers[0]);
  architecture.layers.back().inner_dim += 1;
  const std::string text = nn::python_source(architecture);
  EXPECT_EQ(count_of(text, "(Layer):\n"), 3U);
  EXPECT_NE(text.find("class Layer0(Layer):\n    \"\"\"Layers 0, 1, 3: heads 3, inner_dim 56."),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("nn.ModuleList([Layer0(), Layer0(), Layer2(), Layer0(), Layer4()])"),
            std::string::npos)
      << text;
}

TEST(PythonSource, EveryNodeIsALineWithItsTextBehindIt) {
  const space::Architecture architecture = space::canonical(primer_architecture());
  const std::string text = nn::python_source(architecture);
  EXPECT_EQ(count_of(text, "  # "), architecture.layers[0].program.nodes.size()) << text;
  EXPECT_NE(text.find("self.causal_conv("), std::string::npos);
  EXPECT_NE(text.find("  # causal_depthwise_conv(v"), std::string::npos) << text;
}

TEST(PythonSource, HoldsOnlyMethodsThatLayersCall) {
  const std::string vanilla = nn::python_source(vanilla_architecture());
  EXPECT_EQ(vanilla.find("def causal_conv"), std::string::npos) << vanilla;
  EXPECT_NE(vanilla.find("def softmax_keys"), std::string::npos);
  const std::string primer = nn::python_source(primer_architecture());
  EXPECT_NE(primer.find("def causal_conv"), std::string::npos) << primer;
  EXPECT_NE(primer.find("def shift_time"), std::string::npos) << "causal_conv calls it";
}

}  // namespace
}  // namespace nas::test
