#include "nas/space/presets.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>

#include "nas/space/blocks.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

using test::message_of;

std::int64_t params(const std::string& preset, const std::string& size) {
  return cost_of(preset_architecture(preset, size), {}).params;
}

Architecture read_text(const std::string& text) {
  JsonPositions positions("p.json");
  const Json json = parse_json(text, positions);
  return architecture_from_json(json, positions);
}

TEST(Presets, AreListedWithHelpAndSourceOneFileEach) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(NAS_SOURCE_DIR "/src/space/presets")) {
    if (entry.path().extension() == ".cpp") files.insert(entry.path().stem());
  }
  EXPECT_EQ(files.erase("builtin") + files.erase("preset_parts"), 2U);
  EXPECT_EQ(files, std::set<std::string>(presets().names().begin(), presets().names().end()));
  for (const std::string& name : presets().names()) {
    EXPECT_FALSE(presets().at(name).help.empty()) << name;
    EXPECT_FALSE(presets().at(name).source.empty()) << name;
    for (const std::string& size : preset_sizes().names()) {
      EXPECT_NO_THROW(require_valid(preset_architecture(name, size), name + " " + size));
    }
  }
}

// V = 32128 tokens, tied; d = model_dim, f = inner_dim, L layers, h heads.
//   matrices  V d + L (4 d d + 2 d f)         q, k, v, out; up, down
//   norms     2 d (2 L + 1)                    weight and bias; two in a layer, one at the end
//   biases    L (f + d)                        of the feed-forward alone
//   table     32 h                             buckets of relative positions, shared by the layers
// small   d 512, f 2048, L 6, h 8:    35323904 + 13312 + 15360 + 256 = 35352832
//   32128 512 = 16449536; 6 (4 512 512 + 2 512 2048) = 6 3145728 = 18874368
// medium  d 768, f 3072, L 12, h 12: 109608960 + 38400 + 46080 + 384 = 109693824
//   32128 768 = 24674304; 12 (4 768 768 + 2 768 3072) = 12 7077888 = 84934656
// large   d 1024, f 8192, L 24, h 16: 536215552 + 100352 + 221184 + 512 = 536537600
//   32128 1024 = 32899072; 24 (4 1024 1024 + 2 1024 8192) = 24 20971520 = 503316480
// The matrices alone are the 35.3 M, 109.6 M and 536.2 M derived from the published sizes.
TEST(Presets, VanillaHasTheParametersCountedByHand) {
  EXPECT_EQ(params("vanilla", "small"), 35352832);
  EXPECT_EQ(params("vanilla", "medium"), 109693824);
  EXPECT_EQ(params("vanilla", "large"), 536537600);
}

/// Elements of the weights of linear nodes and of the token table.
std::int64_t matrices(const Architecture& architecture) {
  std::int64_t sum = architecture.model.vocab_size * architecture.model.model_dim;
  for (std::size_t i = 0; i < architecture.layers.size(); ++i) {
    const Program& program = architecture.layers[i].program;
    CheckedProgram checked;
    EXPECT_EQ(check(program, {}, checked).kind, Rejection::Kind::kNone);
    for (const Node& node : program.nodes) {
      if (spec_of(node).name != "linear") continue;
      const Shape input = checked.shapes[node.inputs[0]];
      const std::vector<Shape> inputs = {input};
      const Shape output = *spec_of(node).type(inputs, node);
      const Dims dims = layer_dims(architecture, i, 1, 1);
      sum += spec_of(node).parameters({node, inputs, output, dims}).items[0].elements();
    }
  }
  return sum;
}

TEST(Presets, MatricesOfVanillaAreThePublishedSizes) {
  EXPECT_EQ(matrices(preset_architecture("vanilla", "small")), 35323904);
  EXPECT_EQ(matrices(preset_architecture("vanilla", "medium")), 109608960);
  EXPECT_EQ(matrices(preset_architecture("vanilla", "large")), 536215552);
}

// Three convolutions of width 3 over h d_k = d channels in each layer: 9 d L.
TEST(Presets, MultiDconvHeadAttentionAddsItsTapsAndNothingElse) {
  EXPECT_EQ(params("primer_ez", "small") - params("vanilla", "small"), 27648);    // 9 512 6
  EXPECT_EQ(params("primer_ez", "medium") - params("vanilla", "medium"), 82944);  // 9 768 12
  EXPECT_EQ(params("primer_ez", "large") - params("vanilla", "large"), 221184);   // 9 1024 24
}

// q has no convolution of its own; its map from k has the size of a projection: 6 d L.
TEST(Presets, PrimerHasTwoConvolutionsALayer) {
  EXPECT_EQ(params("primer", "small") - params("vanilla", "small"), 18432);   // 6 512 6
  EXPECT_EQ(params("primer", "large") - params("vanilla", "large"), 147456);  // 6 1024 24
}

// Three matrices of two thirds of the width; norms without bias.
// medium: 24674304 + 12 (4 768 768 + 3 768 2048 + 2 2048 + 768) + 768 25 + 384
//   = 24674304 + 12 7082752 + 19200 + 384 = 109686912
// small, f = 1368: 16449536 + 6 (4 512 512 + 3 512 1368 + 2 1368 + 512) + 512 13 + 256
//   = 16449536 + 6 3153072 + 6656 + 256 = 35374880
TEST(Presets, TransformerPlusPlusHasTwoThirdsOfTheWidth) {
  EXPECT_EQ(preset_architecture("transformer_pp", "small").layers[0].inner_dim, 1368);
  EXPECT_EQ(preset_architecture("transformer_pp", "medium").layers[0].inner_dim, 2048);
  EXPECT_EQ(preset_architecture("transformer_pp", "large").layers[0].inner_dim, 5464);
  EXPECT_EQ(params("transformer_pp", "medium"), 109686912);
  EXPECT_EQ(params("transformer_pp", "small"), 35374880);
}

// B3 of the facts on Primer, written out: shared q and k, norm before attention and after the
// feed-forward, squared ReLU, biases in the feed-forward alone.
TEST(Presets, PrimersLayer) {
  EXPECT_EQ(preset_architecture("primer", "small").layers[5].program,
            program_from_text("program(x: [batch, seq, model_dim])\n"
                              "  n = layer_norm(x)\n"
                              "  k = causal_depthwise_conv(linear(n, init=query))\n"
                              "  q = split_heads(linear(k))\n"
                              "  k_heads = split_heads(k)\n"
                              "  v = split_heads(causal_depthwise_conv(linear(n)))\n"
                              "  p = softmax(relative_bias(matmul_nt(q, k_heads)))\n"
                              "  h = add(x, linear(merge_heads(matmul(p, v))))\n"
                              "  f = square(relu(linear(h, out=inner_dim, bias=true)))\n"
                              "  return add(h, layer_norm(linear(f, bias=true)))\n",
                              "expected"));
}

TEST(Presets, AreReadWhereAnArchitectureIs) {
  EXPECT_EQ(read_text(R"({"preset": "primer_ez", "size": "medium"})"),
            preset_architecture("primer_ez", "medium"));
  const Architecture small = read_text(
      R"({"preset": "vanilla", "size": "small", "layers": 2, "model_dim": 64, "heads": 4,
          "inner_dim": 96, "vocab_size": 256, "positions": "rope"})");
  EXPECT_EQ(small.layers.size(), 2U);
  EXPECT_EQ(small.layers[1].heads, 4);
  EXPECT_EQ(small.layers[1].inner_dim, 96);
  EXPECT_EQ(small.model.vocab_size, 256);
  EXPECT_EQ(canonical(small).model.positions, Positions::kRope);
  EXPECT_EQ(architecture_from_json(to_json(small), JsonPositions()), small);
}

TEST(Presets, Errors) {
  EXPECT_EQ(message_of([] {
              return read_text(R"({"preset": "primer_easy", "siz": "small", "layers": 0})");
            }),
            "preset = \"primer_easy\" (p.json:1:2): must be one of primer, primer_ez, "
            "transformer_pp, vanilla, did you mean \"primer_ez\"?\n"
            "the document (p.json:1:1): the key \"size\" is missing\n"
            "layers = 0 (p.json:1:43): must be in [1, 4096]\n"
            "siz (p.json:1:27): unknown key, did you mean \"size\"? (known: preset, size, layers, "
            "model_dim, inner_dim, heads, vocab_size, positions)");
  EXPECT_EQ(
      message_of([] { return read_text(R"({"preset": "vanilla", "size": "small", "heads": 7})"); }),
      "layers[0].heads (p.json:1:1) = 7 must divide model_dim = 512");
}

}  // namespace
}  // namespace nas::space
