#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "nas/space/space.hpp"
#include "space_fixture.hpp"
#include "support/error_of.hpp"

namespace nas::space {
namespace {

using test::message_of;
using test::read_space;

std::string message(const std::string& text) {
  return message_of([&] { return read_space(text); });
}

/// The message for a space of one layer that is right but for `rest`.
std::string message_for(const std::string& rest) {
  return message(R"({"layers": 1, "model_dim": 64, "heads": 4, "inner_dim": 256,)"
                 "\n" +
                 rest + "}");
}

const std::string kBlocks = R"("mixer": "mdha", "feed_forward": "relu")";

TEST(SpaceErrors, MissingKeys) {
  EXPECT_EQ(message("{}"),
            "the document (s.json:1:1): the key \"layers\" is missing\n"
            "the document (s.json:1:1): the key \"model_dim\" is missing\n"
            "the document (s.json:1:1): the key \"heads\" is missing\n"
            "the document (s.json:1:1): the key \"inner_dim\" is missing\n"
            "the document (s.json:1:1): the key \"mixer\" is missing\n"
            "the document (s.json:1:1): the key \"feed_forward\" is missing");
  EXPECT_EQ(message("[]"), "the document = [] (s.json:1:1): must be an object {...}");
}

TEST(SpaceErrors, ADnaReadsNoChoiceOfHeadsOrInnerDim) {
  const std::string layer =
      R"("layer": {"program": {"language": "dna", "vocabulary": "primer",
                               "initial": "primer_transformer", "max_nodes": 256}}})";
  EXPECT_EQ(message(R"({"layers": 1, "model_dim": 64, "heads": 4,
 "inner_dim": {"choice": [128, 256]}, )" +
                    layer),
            "inner_dim (s.json:2:2): is a choice, but a DNA has sizes of its own and does not read "
            "it");
}

TEST(SpaceErrors, EveryMistakeIsListed) {
  EXPECT_EQ(message(R"({"layers": 0,
 "model_dim": "64",
 "heads": {"choice": []},
 "inner_dim": {"int": {"min": 10, "max": 25, "step": 10}},
 "norm": {"choice": ["layer_norm", "layernorm"]},
 "mixer": "mhda",
 "feed_forward": {"choice": ["relu", "mdha"]},
 "bias": 1,
 "hedas": 4,
 "depth_policy": "spread",
 "rules": ["heads >> 2", 3]})"),
            "layers = 0 (s.json:1:2): must be in [1, 1024]\n"
            "model_dim = \"64\" (s.json:2:2): must be an integer in [1, 16777216]\n"
            "depth_policy = \"spread\" (s.json:10:2): must be \"prefix\": the first layers of the "
            "largest depth are used\n"
            "heads.choice = [] (s.json:3:12): must be an array of 1 to 65535 options\n"
            "inner_dim.int.max = 25 (s.json:4:35): must be min = 10 plus a multiple of step = 10\n"
            "norm.choice[1] = \"layernorm\" (s.json:5:36): must be a norm (layer_norm, rms_norm), "
            "did you mean \"layer_norm\"?\n"
            "bias = 1 (s.json:8:2): must be true or false\n"
            "mixer = \"mhda\" (s.json:6:2): must be a mixer (mdha, mdha_shared_qk, "
            "softmax_attention, t5_attention), did you mean "
            "\"mdha\"?\n"
            "feed_forward.choice[1] = \"mdha\" (s.json:7:38): must be a feed-forward (geglu, "
            "gelu, relu, squared_relu, swish_glu)\n"
            "rules[0] = \"heads >> 2\" (s.json:11:12): rule, column 8: found \">\", expected a "
            "number, a size or \"(\"\n"
            "rules[1] = 3 (s.json:11:26): must be a rule such as \"inner_dim >= 2 * model_dim\"\n"
            "hedas (s.json:9:2): unknown key, did you mean \"heads\"? (known: layers, model_dim, "
            "depth_policy, heads, inner_dim, norm, norm_place, bias, mixer, feed_forward, rules)");
}

TEST(SpaceErrors, Choices) {
  const auto heads = [](const std::string& leaf) {
    return message(R"({"layers": 1, "model_dim": 64, "inner_dim": 256,)" + kBlocks +
                   ",\n\"heads\": " + leaf + "}");
  };
  EXPECT_EQ(heads(R"({"choice": [2, 4, 2]})"),
            "heads.choice[2] = 2 (s.json:2:28): is given twice; options must differ");
  EXPECT_EQ(heads(R"({"choice": [2, 4.0]})"),
            "heads.choice[1] = 4.0 (s.json:2:25): must be an integer in [1, 16777216]");
  EXPECT_EQ(heads(R"({"choice": [2, [4]]})"),
            "heads.choice[1] = [4] (s.json:2:25): must be an integer in [1, 16777216]");
  EXPECT_EQ(heads(R"({"choice": [2, 4], "initial": 8})"),
            "heads.initial = 8 (s.json:2:29): must be one of the options");
  EXPECT_EQ(
      heads(R"({"choice": [2, 4], "int": {"min": 1, "max": 2}})"),
      "heads = {\"choice\":[2,4],\"int\":{\"min\":1,\"max\":2}} (s.json:2:1): must be a value, "
      "{\"choice\": [...]} or {\"int\": {\"min\", \"max\", \"step\"}}");
  EXPECT_EQ(heads(R"({"chioce": [2, 4]})"),
            "heads = {\"chioce\":[2,4]} (s.json:2:1): must be a value, {\"choice\": [...]} or "
            "{\"int\": {\"min\", \"max\", \"step\"}}");
  EXPECT_EQ(heads(R"({"choice": [2, 4], "inital": 4})"),
            "heads.inital (s.json:2:29): unknown key, did you mean \"initial\"? (known: choice, "
            "int, initial)");
  EXPECT_EQ(heads(R"({"int": {"min": 4, "max": 2}})"),
            "heads.int.max = 2 (s.json:2:29): must be min = 4 plus a multiple of step = 1");
  EXPECT_EQ(heads(R"({"int": {"min": 1, "max": 100000}})"),
            "heads.int (s.json:2:11): has more than 65535 values");
  EXPECT_EQ(heads(R"({"int": {"max": 4}})"), "heads.int (s.json:2:11): the key \"min\" is missing");
  EXPECT_EQ(heads(R"({"int": {"min": 2, "max": 4, "step": 0}})"),
            "heads.int.step = 0 (s.json:2:39): must be in [1, 16777216]");
  EXPECT_EQ(heads(R"({"per_layer": 4, "initial": 4})"),
            "heads.initial (s.json:2:27): unknown key (known: per_layer)");
  EXPECT_EQ(message_for(kBlocks + R"(, "norm": {"int": {"min": 0, "max": 1}})"),
            "norm.int (s.json:2:51): only a size may be a range of integers; give a \"choice\"");
  EXPECT_EQ(
      message(R"({"layers": {"per_layer": 2}, "model_dim": 64, "heads": 4, "inner_dim": 256,)" +
              kBlocks + "}"),
      "layers (s.json:1:2): belongs to the whole model and cannot be per_layer");
}

TEST(SpaceErrors, WholeLayersStandAlone) {
  EXPECT_EQ(
      message_for(R"( "norm": "rms_norm", "mixer": "mdha",
 "layer": {"program": {"vocabulary": "causal",
   "initial": {"mixer": "mdha", "feed_forward": "relu"}}})"),
      "mixer (s.json:2:22): cannot stand beside \"layer\", whose program holds it; an initial "
      "program may name it\n"
      "norm (s.json:2:2): cannot stand beside \"layer\", whose program holds it; an initial "
      "program may name it");
  EXPECT_EQ(
      message_for(R"("layer": "mdha")"),
      "layer = \"mdha\" (s.json:2:1): must be {\"program\": {...}} or a program in text form");
}

TEST(SpaceErrors, Slots) {
  EXPECT_EQ(message_for(R"("layer": {"program": {}})"),
            "layer.program (s.json:2:11): the key \"vocabulary\" is missing\n"
            "layer.program (s.json:2:11): the key \"initial\" is missing");
  EXPECT_EQ(message_for(R"json("layer": {"program": {
 "vocabulary": ["relu", "relo", "relu", "mean_time", 3],
 "max_nodes": 0, "sample_mutation": 2,
 "initial": {"mixer": "mdah", "feed_forward": ["program(x: [batch, seq, model_dim])", "return y"]}}})json"),
            "layer.program.max_nodes = 0 (s.json:4:2): must be in [1, 4096]\n"
            "layer.program.vocabulary[1] = \"relo\" (s.json:3:25): must be the name of a primitive "
            "or group, did you mean \"relu\"?\n"
            "layer.program.vocabulary[2] = \"relu\" (s.json:3:33): is given twice\n"
            "layer.program.vocabulary[3] = \"mean_time\" (s.json:3:41): has no use in a causal "
            "model\n"
            "layer.program.vocabulary[4] = 3 (s.json:3:54): must be the name of a primitive or "
            "group\n"
            "layer.program.initial.mixer = \"mdah\" (s.json:5:14): must be a mixer (mdha, "
            "mdha_shared_qk, softmax_attention, t5_attention), did you mean \"mdha\"?\n"
            "layer.program.initial.feed_forward: s.json:5:87, column 8: unknown value \"y\"\n"
            "layer.program.sample_mutation (s.json:4:18): unknown key, did you mean "
            "\"sample_mutations\"? (known: language, max_nodes, sample_mutations, mutation_weight, "
            "vocabulary, initial)");
  EXPECT_EQ(message_for(R"("layer": {"program": {"vocabulary": "all", "initial": 3}})"),
            "layer.program.vocabulary = \"all\" (s.json:2:23): must be a group (causal, "
            "primer) or an array of names of primitives and groups\n"
            "layer.program.initial: s.json:2:44: a program must be a string or an array of lines");
}

TEST(SpaceErrors, InitialProgramsMustBeAccepted) {
  const auto initial = [](const std::string& body) {
    return message_for(
        R"json("layer": {"program": {"vocabulary": "causal", "max_nodes": 2, "initial":
 ["program(x: [batch, seq, model_dim])", )json" +
        body + "]}}");
  };
  EXPECT_EQ(initial("\"return split_heads(x)\""),
            "layer.program.initial (s.json:2:63): the output has shape [batch, heads, seq, "
            "head_dim], its place needs [batch, seq, model_dim]");
  EXPECT_NE(initial("\"return relu(tanh(square(x)))\"").find('3'), std::string::npos);
}

TEST(SpaceErrors, TheInitialSampleMustSatisfyTheRules) {
  EXPECT_EQ(message_for(kBlocks + R"(, "rules": ["inner_dim < 100"])"),
            "the document (s.json:1:1): the initial sample (no choices) breaks the rule "
            "\"inner_dim < 100\"; give choices an \"initial\" option that satisfies it");
  EXPECT_EQ(
      message(R"({"layers": 1, "model_dim": {"choice": [60, 64]}, "heads": 8, "inner_dim": 1,)" +
              kBlocks + "}"),
      "the document (s.json:1:1): the initial sample (model_dim = 60) breaks the rule \"heads "
      "divides model_dim\"; give choices an \"initial\" option that satisfies it");
}

TEST(SpaceErrors, AChoiceOfBiasNeedsANamedBlock) {
  const std::string slot = R"({"program": {"vocabulary": "causal", "initial": )";
  EXPECT_EQ(message_for(R"("bias": {"choice": [false, true]}, "mixer": )" + slot +
                        R"("mdha"}}, "feed_forward": )" + slot + R"("relu"}})"),
            "bias (s.json:2:1): is a choice, but neither mixer nor feed_forward is a named block "
            "that has it");
}

TEST(SpaceErrors, NamesThePlaceInTheConfig) {
  JsonPositions positions("primer.json");
  const Json config = parse_json("{\"space\":\n  {\"layers\": 1, \"layer\": []}}", positions);
  EXPECT_EQ(message_of([&] {
              return Space::from_json(config["space"], ModelSpec{}, positions, "/space");
            }),
            "space (primer.json:1:2): the key \"model_dim\" is missing\n"
            "space (primer.json:1:2): the key \"heads\" is missing\n"
            "space (primer.json:1:2): the key \"inner_dim\" is missing\n"
            "space.layer: primer.json:2:17: a program must be a string or an array of lines");
}

}  // namespace
}  // namespace nas::space
