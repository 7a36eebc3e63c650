#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nas/space/blocks.hpp"
#include "nas/space/space.hpp"
#include "nas/space/text.hpp"
#include "space/layer_split.hpp"
#include "space_fixture.hpp"

namespace nas::space {
namespace {

using test::kChoices;
using test::kEvolvingLayer;
using test::read_space;

constexpr std::uint64_t kSeed = 411;

DrawKey key(std::uint64_t subject) { return {.seed = kSeed, .subject = subject}; }

const std::string kEvolvingBlocks = R"({
  "layers": {"choice": [1, 2, 3]}, "model_dim": 32, "heads": 4, "inner_dim": {"per_layer": {"choice": [64, 96]}},
  "norm": {"choice": ["layer_norm", "rms_norm"]}, "norm_place": {"per_layer": {"choice": ["pre", "post"]}},
  "mixer": {"program": {"vocabulary": "causal", "max_nodes": 30, "initial": "mdha"}},
  "feed_forward": {"per_layer": {"choice": ["relu", "gelu", "squared_relu"]}},
  "bias": {"choice": [false, true]}})";

Program block(const std::string& name, Slot slot) { return block_program(name, slot, {}); }

TEST(SplitLayer, UndoesLayerProgram) {
  const Program input = program_from_text("program(x: [batch, seq, model_dim])\n return x", "");
  for (const Program& mixer : {block("mdha", Slot::kMixer), input}) {
    for (const Program& feed_forward : {block("gelu", Slot::kFeedForward), input}) {
      for (const NormKind norm : {NormKind::kLayerNorm, NormKind::kRmsNorm}) {
        for (const NormPlace place : {NormPlace::kPre, NormPlace::kPost}) {
          const auto parts = split_layer(layer_program({mixer, feed_forward, norm, place}));
          ASSERT_TRUE(parts);
          EXPECT_EQ(parts->mixer, mixer);
          EXPECT_EQ(parts->feed_forward, feed_forward);
          EXPECT_EQ(parts->norm, norm);
          EXPECT_EQ(parts->norm_place, place);
        }
      }
    }
  }
}

TEST(SplitLayer, GivesNothingForOtherLayers) {
  const std::string head = "program(x: [batch, seq, model_dim])\n";
  for (const std::string body :
       {"return x", "return relu(relu(relu(relu(relu(relu(x))))))",
        // The feed-forward reads the layer's input.
        "n = layer_norm(x)\nm = relu(n)\nh = add(x, m)\nk = layer_norm(h)\nf = add(k, x)\n"
        "return add(h, f)",
        // Another epsilon in one of the norms.
        "n = layer_norm(x)\nm = relu(n)\nh = add(x, m)\nk = layer_norm(h, eps=0.001)\n"
        "f = relu(k)\nreturn add(h, f)",
        // A residual that skips the mixer only.
        "n = layer_norm(x)\nm = relu(n)\nh = add(x, m)\nk = layer_norm(h)\nf = relu(k)\n"
        "return add(x, f)"}) {
    EXPECT_FALSE(split_layer(program_from_text(head + body, "t"))) << body;
  }
}

TEST(SpaceLocate, FindsSamplesFromTheirArchitectures) {
  for (const std::string& text : {kChoices, kEvolvingLayer, kEvolvingBlocks}) {
    const Space space = read_space(text);
    for (std::uint64_t i = 0; i < 100; ++i) {
      const Sample sample = space.sample(key(i));
      const Architecture made = space.architecture(sample);
      const auto found = space.locate(made);
      ASSERT_TRUE(found) << "seed " << kSeed << ", sample " << i;
      EXPECT_EQ(hash_of(space.architecture(*found)), hash_of(made));
      EXPECT_EQ(*found, sample) << "seed " << kSeed << ", sample " << i;
    }
  }
}

TEST(SpaceLocate, RecognisesBlocksInCanonicalLayers) {
  const Space space = read_space(kChoices);
  for (std::uint64_t i = 0; i < 30; ++i) {
    const Sample sample = space.sample(key(i));
    EXPECT_EQ(space.locate(canonical(space.architecture(sample))), sample);
  }
}

TEST(SpaceLocate, GivesNothingForWhatLiesOutside) {
  const Space space = read_space(kChoices);
  const Architecture inside = space.architecture(space.initial());
  const auto changed = [&](auto change) {
    Architecture architecture = inside;
    change(architecture);
    return space.locate(architecture).has_value();
  };
  EXPECT_TRUE(changed([](Architecture&) {}));
  EXPECT_FALSE(changed([](Architecture& a) { a.layers.pop_back(); }));
  EXPECT_FALSE(changed([](Architecture& a) { a.model.model_dim = 128; }));
  EXPECT_FALSE(changed([](Architecture& a) { a.model.vocab_size = 5; }));
  EXPECT_FALSE(changed([](Architecture& a) { a.layers[0].heads = 8; }));
  EXPECT_FALSE(changed([](Architecture& a) { a.layers[0].inner_dim = 100; }));
  // inner_dim is shared by the layers.
  EXPECT_FALSE(changed([](Architecture& a) { a.layers[0].inner_dim = 96; }));
  EXPECT_TRUE(changed([](Architecture& a) {
    a.layers[0].inner_dim = 96;
    a.layers[1].inner_dim = 96;
  }));
  // So is mixer.
  const auto layer = [](const std::string& mixer) {
    return layer_program({block(mixer, Slot::kMixer), block("relu", Slot::kFeedForward),
                          NormKind::kRmsNorm, NormPlace::kPre});
  };
  EXPECT_FALSE(changed([&](Architecture& a) { a.layers[0].program = layer("softmax_attention"); }));
  EXPECT_TRUE(changed([&](Architecture& a) {
    a.layers[0].program = layer("softmax_attention");
    a.layers[1].program = layer("softmax_attention");
  }));
  EXPECT_FALSE(changed([](Architecture& a) {
    a.layers[0].program =
        program_from_text("program(x: [batch, seq, model_dim])\n return relu(x)", "");
  }));
}

TEST(SpaceLocate, ProgramsMustFitTheirSlot) {
  const Space space = read_space(kEvolvingLayer);
  Architecture made = space.architecture(space.initial());
  std::string text = "program(x: [batch, seq, model_dim])\n  v0 = relu(x)\n";
  for (int i = 1; i < 41; ++i) {
    text += "  v" + std::to_string(i) + " = tanh(v" + std::to_string(i - 1) + ")\n";
  }
  const auto with = [&](int last) {
    for (LayerSpec& layer : made.layers) {
      layer.program = program_from_text(text + "  return v" + std::to_string(last), "t");
    }
    return space.locate(made).has_value();
  };
  EXPECT_TRUE(with(39));   // 40 live nodes
  EXPECT_FALSE(with(40));  // one more than max_nodes
}

TEST(SpaceLocate, SharedProgramsMayDifferInForm) {
  const Space space = read_space(kEvolvingLayer);
  Architecture made = space.architecture(space.initial());
  const auto with = [&](const std::string& second) {
    const std::string head = "program(x: [batch, seq, model_dim])\n return ";
    made.layers[0].program = program_from_text(head + "add(x, relu(x))", "t");
    made.layers[1].program = program_from_text(head + second, "t");
    return space.locate(made);
  };
  const auto found = with("add(relu(x), negate(negate(x)))");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->programs[0], made.layers[0].program);
  EXPECT_FALSE(with("add(x, tanh(x))"));
}

}  // namespace
}  // namespace nas::space
