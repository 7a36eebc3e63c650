#include "nas/space/architecture.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nas/space/blocks.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/text.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::space {
namespace {

using test::message_of;

Program layer_of(const std::string& mixer, const std::string& feed_forward,
                 Positions positions = Positions::kRope) {
  const BlockOptions options{positions, false};
  return layer_program({block_program(mixer, Slot::kMixer, options),
                        block_program(feed_forward, Slot::kFeedForward, options)});
}

Program parsed(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "t");
}

/// Two vanilla layers around a Primer layer.
Architecture three_layers() {
  Architecture architecture;
  const Program vanilla = layer_of("softmax_attention", "relu");
  architecture.layers = {
      {4, 256, vanilla}, {8, 128, layer_of("mdha", "squared_relu")}, {4, 192, vanilla}};
  return architecture;
}

Architecture read_text(const std::string& text) {
  JsonPositions positions("a.json");
  const Json json = parse_json(text, positions);
  return architecture_from_json(json, positions);
}

std::string message(const std::string& text) {
  return message_of([&] { return read_text(text); });
}

const std::string kModel =
    R"("nas_architecture": 1, "model": {"vocab_size": 256, "model_dim": 64})";

TEST(Architecture, RoundTripsThroughJson) {
  Architecture architecture = three_layers();
  architecture.model = {.kind = ModelKind::kDecoderLm,
                        .vocab_size = 8192,
                        .model_dim = 96,
                        .positions = Positions::kLearned,
                        .max_len = 512,
                        .tied_head = false,
                        .final_norm = NormKind::kRmsNorm};
  const Json json = to_json(architecture);
  EXPECT_EQ(architecture_from_json(json, JsonPositions()), architecture);
  EXPECT_EQ(read_text(json.dump(2)), architecture);
}

TEST(Architecture, WritesEqualProgramsOnce) {
  const Json json = to_json(three_layers());
  EXPECT_EQ(json["nas_architecture"], 1);
  EXPECT_EQ(json["programs"].size(), 2U);
  EXPECT_EQ(json["layers"][0]["program"], "p0");
  EXPECT_EQ(json["layers"][1]["program"], "p1");
  EXPECT_EQ(json["layers"][2]["program"], "p0");
  EXPECT_EQ(json["model"].dump(),
            R"({"kind":"decoder_lm","vocab_size":256,"model_dim":64,"positions":"rope",)"
            R"("max_len":2048,"tied_head":true,"final_norm":"layer_norm"})");
}

TEST(Architecture, ReadsTheShortForm) {
  const Architecture architecture = read_text("{" + kModel + R"json(, "layers": [
      {"heads": 4, "inner_dim": 256, "mixer": "mdha", "feed_forward": "squared_relu"},
      {"heads": 2, "inner_dim": 128, "mixer": "softmax_attention", "feed_forward":
        ["program(x: [batch, seq, model_dim])", "  return tanh(x)"],
        "norm": "rms_norm", "norm_place": "post", "bias": true}]})json");
  ASSERT_EQ(architecture.layers.size(), 2U);
  EXPECT_EQ(architecture.layers[0], (LayerSpec{4, 256, layer_of("mdha", "squared_relu")}));
  EXPECT_EQ(
      architecture.layers[1],
      (LayerSpec{
          2, 128,
          layer_program({block_program("softmax_attention", Slot::kMixer, {Positions::kRope, true}),
                         parsed("  return tanh(x)"), NormKind::kRmsNorm, NormPlace::kPost})}));
}

TEST(Architecture, ReadsAProgramInPlace) {
  const std::string text = R"json("program(x: [batch, seq, model_dim])\n return relu(x)")json";
  const Architecture architecture = read_text(
      "{" + kModel + R"(, "layers": [{"heads": 4, "inner_dim": 256, "program": )" + text + "}]}");
  EXPECT_EQ(architecture.layers[0].program, parsed("  return relu(x)"));
}

TEST(Architecture, ReadsAFile) {
  const test::TemporaryFolder folder;
  const std::string path = folder.write("a.json", to_json(three_layers()).dump());
  EXPECT_EQ(read_architecture(path), three_layers());
}

TEST(Architecture, DimsOfALayer) {
  const Dims dims = layer_dims(three_layers(), 1, 5, 7);
  EXPECT_EQ(dims.batch, 5);
  EXPECT_EQ(dims.seq, 7);
  EXPECT_EQ(dims.heads, 8);
  EXPECT_EQ(dims.head_dim, 8);
  EXPECT_EQ(dims.model_dim, 64);
  EXPECT_EQ(dims.inner_dim, 128);
}

TEST(ArchitectureErrors, EveryMistakeIsListedWithItsPlace) {
  EXPECT_EQ(message(R"json({"nas_architecture": 1,
 "model": {"vocab_size": 0, "model_dim": 64, "norm": "x", "final_norm": "layernorm"},
 "programs": {"p0": ["program(x: [batch, seq, model_dim])", "  return relo(x)"]},
 "layers": [{"heads": "4", "inner_dim": 256, "program": "p0"},
            {"heads": 4, "program": "p1"},
            {"heads": 4, "inner_dim": 256},
            {"heads": 4, "inner_dim": 256, "mixer": "gelu", "feed_forward": "gelo"}],
 "extra": 1})json"),
            "model.vocab_size = 0 (a.json:2:12): must be in [1, 16777216]\n"
            "model.final_norm = \"layernorm\" (a.json:2:59): must be one of layer_norm, rms_norm, "
            "did you mean \"layer_norm\"?\n"
            "model.norm (a.json:2:46): unknown key (known: vocab_size, model_dim, kind, positions, "
            "max_len, tied_head, final_norm)\n"
            "programs.p0: a.json:3:61, column 10: unknown primitive \"relo\", did you mean "
            "\"relu\"?\n"
            "layers[0].heads = \"4\" (a.json:4:14): must be an integer in [1, 16777216]\n"
            "layers[1] (a.json:5:13): the key \"inner_dim\" is missing\n"
            "layers[1].program = \"p1\" (a.json:5:26): must be a name in \"programs\" (p0) or a "
            "program in text form, did you mean \"p0\"?\n"
            "layers[2] (a.json:6:13): needs \"program\", or \"mixer\" and \"feed_forward\"\n"
            "layers[3].mixer = \"gelu\" (a.json:7:44): must be a mixer (mdha, mdha_shared_qk, "
            "softmax_attention, t5_attention)\n"
            "layers[3].feed_forward = \"gelo\" (a.json:7:61): must be a feed-forward (geglu, gelu, "
            "relu, squared_relu, swish_glu), did you mean \"gelu\"?\n"
            "extra (a.json:8:2): unknown key (known: nas_architecture, model, programs, layers)");
}

TEST(ArchitectureErrors, Format) {
  EXPECT_EQ(message("{}"),
            "the document (a.json:1:1): no architecture: the key "
            "\"nas_architecture\" is missing");
  EXPECT_EQ(message("[]"),
            "the document (a.json:1:1): no architecture: the key "
            "\"nas_architecture\" is missing");
  EXPECT_EQ(message(R"({"nas_architecture": 2})"),
            "nas_architecture = 2 (a.json:1:2): was written by a newer nas; this one reads "
            "format 1");
  EXPECT_EQ(message(R"({"nas_architecture": "1"})"),
            "nas_architecture = \"1\" (a.json:1:2): must be the format's number, 1");
  EXPECT_EQ(message(R"({"nas_architecture": 1})"),
            "the document (a.json:1:1): the key \"model\" is missing\n"
            "the document (a.json:1:1): the key \"layers\" is missing");
}

TEST(ArchitectureErrors, Sizes) {
  const auto layers = [](const std::string& layer) {
    return message("{" + kModel + ",\n \"layers\": [" + layer + "]}");
  };
  EXPECT_EQ(layers(""), "layers (a.json:2:2) must have 1 to 4096 layers, not 0");
  EXPECT_EQ(layers(R"({"heads": 3, "inner_dim": 8, "mixer": "mdha", "feed_forward": "relu"})"),
            "layers[0].heads (a.json:2:14) = 3 must divide model_dim = 64");
  EXPECT_EQ(layers(R"({"heads": 64, "inner_dim": 8, "mixer": "mdha", "feed_forward": "relu"})"),
            "layers[0].heads (a.json:2:14) = 64 gives head_dim = 1, but rope needs an even one");
}

TEST(ArchitectureErrors, HeadDimMayBeOddWithoutRope) {
  Architecture architecture = three_layers();
  for (LayerSpec& layer : architecture.layers) {
    layer.heads = 64;
    layer.program = layer_of("mdha", "relu", Positions::kLearned);
  }
  EXPECT_NO_THROW(require_valid(architecture, "t"));
  architecture.layers[1].program = layer_of("mdha", "relu", Positions::kRope);
  EXPECT_EQ(message_of([&] {
              require_valid(architecture, "t");
              return 0;
            }),
            "t: layers[1].heads = 64 gives head_dim = 1, but rope needs an even one");
}

Architecture t5_layers(std::int64_t first_heads, std::int64_t second_heads) {
  Architecture architecture;
  architecture.model.positions = Positions::kT5;
  const Program program = layer_of("t5_attention", "relu", Positions::kT5);
  architecture.layers = {{first_heads, 256, program}, {second_heads, 256, program}};
  return architecture;
}

TEST(ArchitectureErrors, TheTableOfT5HasOneNumberOfHeads) {
  EXPECT_NO_THROW(require_valid(t5_layers(4, 4), "a"));
  EXPECT_EQ(message_of([] { require_valid(t5_layers(4, 8), "a"); }),
            "a: layers[1].heads = 8 differs from 4 of layer 0: with model.positions = \"t5\" all "
            "layers share one table, which has a column for each head");
  // A layer without the table may have others.
  Architecture mixed = t5_layers(4, 8);
  mixed.layers[1].program = layer_of("softmax_attention", "relu", Positions::kNone);
  EXPECT_NO_THROW(require_valid(mixed, "a"));
  Architecture without_table = t5_layers(4, 4);
  without_table.model.positions = Positions::kNone;
  EXPECT_EQ(message_of([&] { require_valid(without_table, "a"); }),
            "a: layers[0].program relative_bias needs model.positions = \"t5\"");
}

TEST(ArchitectureErrors, ProgramsThatAreNotAccepted) {
  Architecture architecture = three_layers();
  architecture.layers[0].program = parsed("  return split_heads(x)");
  architecture.layers[1].program = parsed("  return shift_time(x, steps=-1)");
  architecture.layers[2].program.inputs = {kModelShape, kModelShape};
  const std::string text = message_of([&] {
    require_valid(architecture, "t");
    return 0;
  });
  EXPECT_NE(text.find("t: layers[0].program "), std::string::npos) << text;
  EXPECT_NE(text.find("t: layers[1].program "), std::string::npos) << text;
  EXPECT_NE(text.find("leaks the future: reads x[t+1]"), std::string::npos) << text;
  EXPECT_NE(text.find("t: layers[2].program must have one input, [batch, seq, model_dim]"),
            std::string::npos)
      << text;
}

/// The hash of three_layers() after `change`.
template <class Change>
Hash128 changed(Change change) {
  Architecture architecture = three_layers();
  change(architecture);
  return hash_of(architecture);
}

TEST(ArchitectureHash, DependsOnEverythingThatMatters) {
  const std::vector<Hash128> hashes = {
      hash_of(three_layers()),
      changed([](Architecture& a) { a.model.vocab_size = 257; }),
      changed([](Architecture& a) { a.model.model_dim = 128; }),
      changed([](Architecture& a) { a.model.positions = Positions::kLearned; }),
      changed([](Architecture& a) {
        a.model.positions = Positions::kLearned;
        a.model.max_len = 100;
      }),
      changed([](Architecture& a) { a.model.tied_head = false; }),
      changed([](Architecture& a) { a.model.final_norm = NormKind::kRmsNorm; }),
      changed([](Architecture& a) { a.layers[0].heads = 2; }),
      changed([](Architecture& a) { a.layers[1].heads = 2; }),
      changed([](Architecture& a) { a.layers[0].inner_dim = 64; }),
      changed([](Architecture& a) { std::swap(a.layers[0], a.layers[1]); }),
      changed([](Architecture& a) { a.layers.pop_back(); }),
      changed([](Architecture& a) { a.layers[0].program = a.layers[1].program; }),
  };
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) EXPECT_NE(hashes[i], hashes[j]) << i << " and " << j;
  }
}

TEST(ArchitectureHash, IgnoresWhatNoNodeUses) {
  const Hash128 original = hash_of(three_layers());
  EXPECT_EQ(changed([](Architecture& a) { a.model.positions = Positions::kNone; }), original);
  EXPECT_EQ(changed([](Architecture& a) { a.model.max_len = 9; }), original);

  const auto with_program = [](const std::string& body, std::int64_t heads,
                               std::int64_t inner_dim) {
    return changed([&](Architecture& a) { a.layers[1] = {heads, inner_dim, parsed(body)}; });
  };
  const std::string plain = "  return linear(x)";
  EXPECT_EQ(with_program(plain, 4, 64), with_program(plain, 8, 128));
  const std::string dead_heads = "  h = split_heads(x)\n  return linear(x)";
  EXPECT_EQ(with_program(dead_heads, 4, 64), with_program(dead_heads, 8, 64));
  EXPECT_EQ(with_program(dead_heads, 4, 64), with_program(plain, 4, 64));
  const std::string heads = "  h = split_heads(x)\n  return linear(merge_heads(relu(h)))";
  EXPECT_NE(with_program(heads, 4, 64), with_program(heads, 8, 64));
  EXPECT_EQ(with_program(heads, 4, 64), with_program(heads, 4, 128));
  const std::string inner = "  return linear(relu(linear(x, out=inner_dim)))";
  EXPECT_EQ(with_program(inner, 4, 64), with_program(inner, 8, 64));
  EXPECT_NE(with_program(inner, 4, 64), with_program(inner, 4, 128));
}

// head_dim enters these two without any value of heads.
TEST(ArchitectureHash, PositionsOfT5AreThoseOfProgramsThatUseTheTable) {
  const Architecture with_table = t5_layers(4, 4);
  EXPECT_EQ(canonical(with_table).model.positions, Positions::kT5);
  EXPECT_EQ(relative_bias_heads(with_table), 4);
  Architecture without_use = with_table;
  for (LayerSpec& layer : without_use.layers) {
    layer.program = layer_of("softmax_attention", "relu", Positions::kNone);
  }
  EXPECT_EQ(canonical(without_use).model.positions, Positions::kNone);
  EXPECT_EQ(relative_bias_heads(without_use), 0);
}

// The table is the model's, so two nodes that add it to equal scores compute the same.
TEST(ArchitectureHash, EqualUsesOfTheSharedTableAreOne) {
  const std::string heads = "  h = split_heads(x)\n  s = matmul_nt(h, h)\n";
  const auto summed = [&](const std::string& first, const std::string& second) {
    return canonical(parsed(heads + "  a = " + first + "\n  b = " + second +
                            "\n  return merge_heads(matmul(softmax(add(a, b)), h))"));
  };
  EXPECT_EQ(summed("relative_bias(s)", "relative_bias(s)"), summed("relative_bias(s)", "a"));
  EXPECT_NE(summed("scale_learned(s)", "scale_learned(s)"), summed("scale_learned(s)", "a"));
}

TEST(ArchitectureHash, SeesHeadDimInScalesAndInitialisation) {
  for (const std::string body : {"  return linear(scale_const(x, by=inv_sqrt_head_dim))",
                                 "  return linear(x, init=query)"}) {
    const auto hash = [&](std::int64_t heads) {
      return changed([&](Architecture& a) { a.layers[1] = {heads, 64, parsed(body)}; });
    };
    EXPECT_NE(hash(4), hash(8)) << body;
  }
}

TEST(ArchitectureHash, CanonicalFormIsIdempotentAndKeepsTheHash) {
  Architecture architecture = three_layers();
  architecture.layers[1].program =
      parsed("  h = split_heads(x)\n  return negate(negate(linear(x)))");
  const Architecture once = canonical(architecture);
  EXPECT_EQ(canonical(once), once);
  EXPECT_EQ(hash_of(once), hash_of(architecture));
  EXPECT_EQ(once.layers[1].program, parsed("  return linear(x)"));
  EXPECT_EQ(once.layers[1].heads, 1);
  EXPECT_EQ(once.layers[1].inner_dim, 64);
  EXPECT_EQ(once.model.positions, Positions::kRope);
  EXPECT_NO_THROW(require_valid(once, "t"));
}

// Studies store hashes: this one may only change together with the format's number.
TEST(ArchitectureHash, IsFixed) {
  EXPECT_EQ(hash_of(three_layers()).hex(), "84c0c14b6ec49b9bb707f2e6815d8638");
}

}  // namespace
}  // namespace nas::space
