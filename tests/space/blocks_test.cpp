#include "nas/space/blocks.hpp"

#include <gtest/gtest.h>

#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

using test::message_of;

const std::string kHead = "program(x: [batch, seq, model_dim])\n";

Program block(const std::string& name, const BlockOptions& options = {}) {
  return block_program(name, blocks().at(name).slot, options);
}

Program parsed(const std::string& body) { return program_from_text(kHead + body, "expected"); }

int count(const Program& program, const std::string& primitive) {
  int found = 0;
  for (const Node& node : program.nodes) found += node.primitive == primitive_index(primitive);
  return found;
}

TEST(Blocks, AreListedWithHelpAndSource) {
  EXPECT_EQ(blocks().names(), (std::vector<std::string>{"geglu", "gelu", "mdha", "mdha_shared_qk",
                                                        "relu", "softmax_attention", "squared_relu",
                                                        "swish_glu", "t5_attention"}));
  for (const std::string& name : blocks().names()) {
    EXPECT_FALSE(blocks().at(name).help.empty()) << name;
    EXPECT_FALSE(blocks().at(name).source.empty()) << name;
  }
}

TEST(Blocks, AreAcceptedInACausalModelWithEveryOption) {
  for (const std::string& name : blocks().names()) {
    for (const Positions positions :
         {Positions::kRope, Positions::kLearned, Positions::kNone, Positions::kT5}) {
      for (const bool bias : {false, true}) {
        const Program program = block(name, {positions, bias});
        EXPECT_NO_THROW(require_valid(program, CheckRules{}, name));
        EXPECT_EQ(count(program, "rope"),
                  positions == Positions::kRope && blocks().at(name).slot == Slot::kMixer ? 2 : 0)
            << name;
        EXPECT_EQ(count(program, "relative_bias"),
                  positions == Positions::kT5 && blocks().at(name).slot == Slot::kMixer ? 1 : 0)
            << name;
        int without_bias = 0;
        for (const Node& node : program.nodes) {
          if (node.primitive == primitive_index("linear")) without_bias += node.fields[1] == 0;
        }
        // The map from k to q has none.
        const int always = name == "mdha_shared_qk" ? 1 : 0;
        EXPECT_EQ(without_bias, bias ? always : count(program, "linear")) << name;
      }
    }
  }
}

TEST(Blocks, SoftmaxAttention) {
  EXPECT_EQ(block("softmax_attention"), parsed("  q1 = linear(x)\n"
                                               "  q2 = split_heads(q1)\n"
                                               "  q3 = rope(q2)\n"
                                               "  k1 = linear(x)\n"
                                               "  k2 = split_heads(k1)\n"
                                               "  k3 = rope(k2)\n"
                                               "  v1 = linear(x)\n"
                                               "  v2 = split_heads(v1)\n"
                                               "  s1 = matmul_nt(q3, k3)\n"
                                               "  s2 = scale_const(s1, by=inv_sqrt_head_dim)\n"
                                               "  p = softmax(s2)\n"
                                               "  o1 = matmul(p, v2)\n"
                                               "  o2 = merge_heads(o1)\n"
                                               "  o3 = linear(o2)\n"
                                               "  return o3\n"));
}

// B3.1 of the facts on Primer: q, k and v each convolved with width 3 before the split into heads;
// 1/sqrt(head_dim) in q's initialisation and no scale at run time.
TEST(Blocks, MultiDconvHeadAttention) {
  const Program program = block("mdha", {Positions::kNone, false});
  EXPECT_EQ(program, parsed("  q1 = linear(x, init=query)\n"
                            "  q2 = causal_depthwise_conv(q1, width=3)\n"
                            "  q3 = split_heads(q2)\n"
                            "  k1 = linear(x)\n"
                            "  k2 = causal_depthwise_conv(k1)\n"
                            "  k3 = split_heads(k2)\n"
                            "  v1 = linear(x)\n"
                            "  v2 = causal_depthwise_conv(v1)\n"
                            "  v3 = split_heads(v2)\n"
                            "  s = matmul_nt(q3, k3)\n"
                            "  p = softmax(s)\n"
                            "  o1 = matmul(p, v3)\n"
                            "  o2 = merge_heads(o1)\n"
                            "  o3 = linear(o2)\n"
                            "  return o3\n"));
  EXPECT_EQ(count(program, "scale_const"), 0);
}

// B3 of the facts on Primer: K = dconv(x W), Q = K M with M without bias and across heads.
TEST(Blocks, MultiDconvHeadAttentionWithSharedQueryAndKey) {
  EXPECT_EQ(block("mdha_shared_qk", {Positions::kT5, false}),
            parsed("  k1 = linear(x, init=query)\n"
                   "  k2 = causal_depthwise_conv(k1)\n"
                   "  q1 = linear(k2)\n"
                   "  q2 = split_heads(q1)\n"
                   "  k3 = split_heads(k2)\n"
                   "  v1 = linear(x)\n"
                   "  v2 = causal_depthwise_conv(v1)\n"
                   "  v3 = split_heads(v2)\n"
                   "  s1 = matmul_nt(q2, k3)\n"
                   "  s2 = relative_bias(s1)\n"
                   "  p = softmax(s2)\n"
                   "  o1 = matmul(p, v3)\n"
                   "  o2 = merge_heads(o1)\n"
                   "  o3 = linear(o2)\n"
                   "  return o3\n"));
}

TEST(Blocks, AttentionOfT5FoldsTheScaleIntoTheFirstValues) {
  const Program program = block("t5_attention", {Positions::kT5, false});
  EXPECT_EQ(count(program, "scale_const"), 0);
  EXPECT_EQ(program, parsed("  q1 = linear(x, init=query)\n"
                            "  q2 = split_heads(q1)\n"
                            "  k1 = linear(x)\n"
                            "  k2 = split_heads(k1)\n"
                            "  v1 = linear(x)\n"
                            "  v2 = split_heads(v1)\n"
                            "  s1 = matmul_nt(q2, k2)\n"
                            "  s2 = relative_bias(s1)\n"
                            "  p = softmax(s2)\n"
                            "  o1 = matmul(p, v2)\n"
                            "  o2 = merge_heads(o1)\n"
                            "  o3 = linear(o2)\n"
                            "  return o3\n"));
}

TEST(Blocks, RopeComesAfterTheConvolution) {
  const std::string text = to_text(block("mdha"));
  EXPECT_NE(text.find("  v2 = causal_depthwise_conv(v1)\n"
                      "  v3 = split_heads(v2)\n"
                      "  v4 = rope(v3)\n"),
            std::string::npos)
      << text;
}

TEST(Blocks, FeedForwards) {
  EXPECT_EQ(block("relu"), parsed("  h = linear(x, out=inner_dim)\n  return linear(relu(h))"));
  EXPECT_EQ(block("gelu"), parsed("  h = linear(x, out=inner_dim)\n  return linear(gelu(h))"));
  EXPECT_EQ(block("squared_relu", {Positions::kRope, true}),
            parsed("  h = linear(x, out=inner_dim, bias=true)\n"
                   "  return linear(square(relu(h)), bias=true)"));
}

TEST(Blocks, GatedFeedForwards) {
  const auto gated = [](const std::string& activation, const std::string& bias) {
    return parsed("  h = linear(x, out=inner_dim" + bias + ")\n  g = linear(x, out=inner_dim" +
                  bias + ")\n  return linear(multiply(" + activation + "(h), g)" + bias + ")");
  };
  EXPECT_EQ(block("swish_glu"), gated("silu", ""));
  EXPECT_EQ(block("geglu", {Positions::kT5, true}), gated("gelu", ", bias=true"));
}

TEST(Blocks, LayerWithNormBefore) {
  const ShortLayer layer{parsed("  return tanh(negate(x))"), parsed("  return sigmoid(x)"),
                         NormKind::kRmsNorm, NormPlace::kPre};
  EXPECT_EQ(layer_program(layer), parsed("  n = rms_norm(x)\n"
                                         "  a = negate(n)\n"
                                         "  m = tanh(a)\n"
                                         "  h = add(x, m)\n"
                                         "  n2 = rms_norm(h)\n"
                                         "  f = sigmoid(n2)\n"
                                         "  y = add(h, f)\n"
                                         "  return y\n"));
}

TEST(Blocks, LayerWithNormAfter) {
  const ShortLayer layer{parsed("  return tanh(negate(x))"), parsed("  return sigmoid(x)"),
                         NormKind::kLayerNorm, NormPlace::kPost};
  EXPECT_EQ(layer_program(layer), parsed("  a = negate(x)\n"
                                         "  m = tanh(a)\n"
                                         "  s = add(x, m)\n"
                                         "  h = layer_norm(s)\n"
                                         "  f = sigmoid(h)\n"
                                         "  t = add(h, f)\n"
                                         "  y = layer_norm(t)\n"
                                         "  return y\n"));
}

// B3 of the facts on Primer: norm before attention, after the feed-forward inside its residual.
TEST(Blocks, LayerWithNormWherePrimerPutsIt) {
  const ShortLayer layer{parsed("  return tanh(negate(x))"), parsed("  return sigmoid(x)"),
                         NormKind::kLayerNorm, NormPlace::kPrimer};
  EXPECT_EQ(layer_program(layer), parsed("  n = layer_norm(x)\n"
                                         "  a = negate(n)\n"
                                         "  m = tanh(a)\n"
                                         "  h = add(x, m)\n"
                                         "  f = sigmoid(h)\n"
                                         "  n2 = layer_norm(f)\n"
                                         "  y = add(h, n2)\n"
                                         "  return y\n"));
}

TEST(Blocks, LayerOfBlocksThatReturnTheirInput) {
  const ShortLayer layer{parsed("  return x"), parsed("  return x"), NormKind::kLayerNorm,
                         NormPlace::kPre};
  EXPECT_EQ(layer_program(layer), parsed("  n = layer_norm(x)\n"
                                         "  h = add(x, n)\n"
                                         "  n2 = layer_norm(h)\n"
                                         "  y = add(h, n2)\n"
                                         "  return y\n"));
}

TEST(Blocks, Errors) {
  EXPECT_EQ(message_of([] { return block_program("mdah", Slot::kMixer, {}); }),
            "unknown block \"mdah\", did you mean \"mdha\"? (known: geglu, gelu, mdha, "
            "mdha_shared_qk, relu, softmax_attention, squared_relu, swish_glu, t5_attention)");
  EXPECT_EQ(message_of([] { return block_program("mdha", Slot::kFeedForward, {}); }),
            "block \"mdha\" is a mixer, not a feed-forward");
  EXPECT_EQ(message_of([] { return block_program("gelu", Slot::kMixer, {}); }),
            "block \"gelu\" is a feed-forward, not a mixer");
  Program large;
  large.nodes.assign(40000, make_node(primitive_index("relu"), 0));
  large.output = 40000;
  EXPECT_EQ(message_of([&] {
              return layer_program({large, large});
            }),
            "a layer of this mixer and feed-forward has more than 65536 values");
}

}  // namespace
}  // namespace nas::space
