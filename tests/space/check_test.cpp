#include "nas/space/check.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

using Kind = Rejection::Kind;

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
}

/// Any inputs, and whatever shape the output has.
CheckRules free_rules(const Shape& output, TimeMixing allowed = TimeMixing::kCausal) {
  CheckRules rules;
  rules.output = output;
  rules.allowed = allowed;
  rules.model_input = false;
  return rules;
}

struct Result {
  Kind kind;
  std::string text;
};

Result result_of(const Program& program, const CheckRules& rules = {}) {
  CheckedProgram checked;
  const Rejection rejection = check(program, rules, checked);
  return {rejection.kind, explain(rejection, program, rules)};
}

Program attention() {
  return read(
      "h = layer_norm(x)\n"
      "q = rope(causal_depthwise_conv(split_heads(linear(h, init=query))))\n"
      "k = rope(causal_depthwise_conv(split_heads(linear(h))))\n"
      "v = causal_depthwise_conv(split_heads(linear(h)))\n"
      "p = softmax(matmul_nt(q, k))\n"
      "a = linear(merge_heads(matmul(p, v)))\n"
      "return add(x, a)\n");
}

TEST(Check, AcceptsAttentionAndInfersEverything) {
  const Program program = attention();
  CheckedProgram checked;
  ASSERT_EQ(check(program, {}, checked).kind, Kind::kNone)
      << explain(check(program, {}, checked), program, {});
  ASSERT_EQ(checked.shapes.size(), program.value_count());
  EXPECT_EQ(checked.shapes[0], kModelShape);
  EXPECT_EQ(checked.shapes[program.output], kModelShape);
  EXPECT_EQ(checked.mixings[0], TimeMixing::kTokenLocal);
  EXPECT_EQ(checked.mixings[1], TimeMixing::kTokenLocal);  // the norm
  EXPECT_EQ(checked.mixings[program.output], TimeMixing::kCausal);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const std::string& name = spec_of(program.nodes[i]).name;
    const Shape& shape = checked.shapes[i + 1];
    const bool is_scores = name == "softmax" || name == "matmul_nt";
    const bool is_heads = name == "rope" || name == "matmul" || name == "split_heads" ||
                          name == "causal_depthwise_conv";
    EXPECT_EQ(shape, is_scores ? kScoresShape : is_heads ? kHeadsShape : kModelShape) << name;
    EXPECT_TRUE(checked.live[i + 1]);
  }
}

TEST(Check, AcceptsTheIdentity) {
  CheckedProgram checked;
  EXPECT_EQ(check(Program{}, {}, checked).kind, Kind::kNone);
}

TEST(Check, ReusesItsVectors) {
  const Program program = attention();
  CheckedProgram checked;
  static_cast<void>(check(program, {}, checked));
  const Shape* shapes = checked.shapes.data();
  const TimeMixing* mixings = checked.mixings.data();
  const Program smaller = read("return relu(x)");
  EXPECT_EQ(check(smaller, {}, checked).kind, Kind::kNone);
  EXPECT_EQ(checked.shapes.size(), 2U);
  EXPECT_EQ(check(program, {}, checked).kind, Kind::kNone);
  EXPECT_EQ(checked.shapes.data(), shapes);
  EXPECT_EQ(checked.mixings.data(), mixings);
}

TEST(Check, RefusesInputsOfAnotherPlace) {
  Program program;
  program.inputs = {kInnerShape};
  EXPECT_EQ(result_of(program).kind, Kind::kInput);
  EXPECT_EQ(result_of(program).text,
            "the program takes [batch, seq, inner_dim], its place gives [batch, seq, model_dim]");
  program.inputs = {kModelShape, kModelShape};
  EXPECT_EQ(result_of(program).kind, Kind::kInput);
  program.inputs.clear();
  EXPECT_EQ(result_of(program).kind, Kind::kInput);
  EXPECT_EQ(result_of(program, free_rules(kModelShape)).text,
            "the program takes nothing, at least one input is needed");
}

TEST(Check, RefusesBrokenIndices) {
  Program program = read("return relu(abs(x))");
  program.nodes[0].inputs[0] = 1;  // itself
  EXPECT_EQ(result_of(program).kind, Kind::kMalformed);
  EXPECT_EQ(result_of(program).text, "v1 = abs(v1): input 1 is not made before its use");
  program.nodes[0].inputs[0] = 60000;
  EXPECT_EQ(result_of(program).kind, Kind::kMalformed);

  program = read("return relu(x)");
  program.nodes[0].inputs[1] = 1;
  EXPECT_EQ(result_of(program).text, "v1 = relu(x): takes 1 input, a second one is set");

  program = read("return relu(x)");
  program.output = 2;
  EXPECT_EQ(result_of(program).kind, Kind::kMalformed);
  EXPECT_EQ(result_of(program).text, "the output is not a value of the program");

  program.output = 1;
  program.nodes[0].primitive = 999;
  EXPECT_EQ(result_of(program).kind, Kind::kMalformed);
  EXPECT_NE(result_of(program).text.find("no primitive number 999"), std::string::npos);
}

TEST(Check, RefusesFieldsOutsideTheirRange) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  struct Case {
    const char* primitive;
    std::size_t field;
    std::vector<double> refused;
    std::vector<double> accepted;
  };
  const std::vector<Case> cases = {
      {"causal_depthwise_conv", 0, {0, 32, 2.5, -1, nan, infinity}, {1, 3, 31}},
      {"shift_time", 0, {0, -0.0, 17, -17, 1.5, nan}, {1, 16, -16}},
      {"linear", 0, {-1, 2, 0.5, nan, -0.0}, {0}},
      {"linear", 1, {2, 0.5, -1, nan, -0.0}, {0, 1}},
      {"linear", 2, {3, 1.5}, {0, 1, 2}},
      {"scale_const", 0, {1.0001e4, -1.0001e4, nan, infinity, -infinity, -0.0}, {0, 0.25, -1e4}},
      {"layer_norm", 0, {0, -1e-5, nan}, {1e-12, 1}},
      {"relu", 0, {1, nan, -0.0}, {0}},
      {"linear", 2, {nan}, {}},
      {"scale_const", 2, {1}, {0}},
  };
  const CheckRules rules = free_rules(kModelShape, TimeMixing::kBidirectional);
  for (const Case& test : cases) {
    Program program;
    program.nodes = {make_node(primitive_index(test.primitive))};
    program.output = 1;
    for (const double value : test.refused) {
      program.nodes[0].fields[test.field] = value;
      EXPECT_EQ(result_of(program, rules).kind, Kind::kMalformed) << test.primitive << " " << value;
    }
    for (const double value : test.accepted) {
      program.nodes[0].fields[test.field] = value;
      EXPECT_EQ(result_of(program, rules).kind, Kind::kNone) << test.primitive << " " << value;
    }
  }
}

TEST(Check, SaysWhatAFieldMayBe) {
  Program program = read("return shift_time(x)");
  program.nodes[0].fields[0] = 0;
  EXPECT_EQ(result_of(program).text,
            "v1 = shift_time(x, steps=0): steps = 0: must be an integer in [-16, 16] other than 0");
  program = read("return relu(linear(x))");
  program.nodes[0].fields[2] = 7;
  EXPECT_NE(result_of(program).text.find("init = 7: must be one of fan_in query zero"),
            std::string::npos);
  program.nodes[0].fields[2] = 0;
  program.nodes[0].fields[1] = 2;
  EXPECT_NE(result_of(program).text.find("bias = 2: must be false or true"), std::string::npos);
}

TEST(Check, RefusesOperandsThatDoNotFit) {
  const Result result = result_of(read("h = linear(x, out=inner_dim)\nreturn add(h, x)"));
  EXPECT_EQ(result.kind, Kind::kShape);
  EXPECT_EQ(result.text,
            "v2 = add(v1, x): add takes two equal shapes (nothing is broadcast), not "
            "[batch, seq, inner_dim] and [batch, seq, model_dim]");
  EXPECT_EQ(result_of(read("return softmax(x)")).kind, Kind::kShape);
  EXPECT_EQ(result_of(read("return linear(split_heads(x))")).kind, Kind::kShape);
}

TEST(Check, RefusesDeadNodesThatDoNotFit) {
  EXPECT_EQ(result_of(read("d = softmax(x)\nreturn relu(x)")).kind, Kind::kShape);
}

TEST(Check, RefusesAnotherOutputShape) {
  const Result result = result_of(read("return split_heads(x)"));
  EXPECT_EQ(result.kind, Kind::kOutput);
  EXPECT_EQ(result.text,
            "the output has shape [batch, heads, seq, head_dim], its place needs [batch, seq, "
            "model_dim]");
  CheckRules inner;
  inner.output = kInnerShape;
  EXPECT_EQ(result_of(read("return linear(x, out=inner_dim)"), inner).kind, Kind::kNone);
}

TEST(Check, EveryInputMustMatter) {
  Program program;
  program.inputs = {kModelShape, kModelShape};
  program.nodes = {make_node(primitive_index("relu"), 0)};
  program.output = 2;
  EXPECT_EQ(result_of(program, free_rules(kModelShape)).kind, Kind::kUnused);
  EXPECT_EQ(result_of(program, free_rules(kModelShape)).text,
            "the output does not depend on input 2");
  program.nodes = {make_node(primitive_index("add"), 0, 1)};
  EXPECT_EQ(result_of(program, free_rules(kModelShape)).kind, Kind::kNone);
}

TEST(Check, CountsLiveNodesOnly) {
  const Program program = read("a = relu(x)\nb = tanh(x)\nc = abs(b)\nreturn square(a)");
  CheckRules rules;
  rules.max_nodes = 2;
  CheckedProgram checked;
  EXPECT_EQ(check(program, rules, checked).kind, Kind::kNone);
  EXPECT_EQ(checked.live, (std::vector<bool>{true, true, false, false, true}));
  rules.max_nodes = 1;
  EXPECT_EQ(result_of(program, rules).kind, Kind::kTooLarge);
  EXPECT_EQ(result_of(program, rules).text, "2 nodes that the output needs, at most 1 are allowed");
}

TEST(Check, RefusesMoreValuesThanIndices) {
  Program program;
  program.nodes.assign(65536, make_node(primitive_index("relu")));
  program.output = 1;
  EXPECT_EQ(result_of(program).kind, Kind::kTooLarge);
  EXPECT_EQ(result_of(program).text, "more than 65536 values");
  program.nodes.pop_back();
  EXPECT_EQ(result_of(program).kind, Kind::kNone);
}

TEST(Check, TokenLocalPlacesRefuseCausalMixing) {
  CheckRules rules;
  rules.allowed = TimeMixing::kTokenLocal;
  const Program program = read("return cumulative_mean(relu(x))");
  EXPECT_EQ(result_of(program, rules).kind, Kind::kLeak);
  EXPECT_EQ(result_of(program, rules).text,
            "v2 = cumulative_mean(v1): mixes time (causal), at most token_local is allowed here");
  EXPECT_EQ(result_of(read("return linear(relu(x))"), rules).kind, Kind::kNone);
}

TEST(Check, RequireValidNamesThePlace) {
  try {
    require_valid(read("return shift_time(x, steps=-1)"), {}, "a.json:3:4");
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_STREQ(error.what(),
                 "a.json:3:4: v1 = shift_time(x, steps=-1): leaks the future: reads x[t+1]");
  }
  EXPECT_NO_THROW(require_valid(attention(), {}, "a.json:3:4"));
}

/// Nodes of random primitives on random earlier values, now and then broken.
Program random_program(DrawCursor& cursor) {
  Program program;
  const std::uint32_t count = 1 + cursor.below(12);
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto primitive =
        static_cast<std::uint16_t>(cursor.below(static_cast<std::uint32_t>(primitives().size())));
    Node node = make_node(primitive, static_cast<ValueIndex>(cursor.below(i + 1)),
                          static_cast<ValueIndex>(cursor.below(i + 1)));
    const std::uint32_t fault = cursor.below(100);
    if (fault == 0) node.primitive = static_cast<std::uint16_t>(cursor.bits());
    if (fault == 1) node.inputs[cursor.below(2)] = static_cast<ValueIndex>(cursor.bits());
    if (fault < 10) node.fields[cursor.below(3)] = std::floor(40 * cursor.uniform() - 20);
    program.nodes.push_back(node);
  }
  program.output = static_cast<ValueIndex>(cursor.below(count + 2));
  return program;
}

TEST(Check, EveryRandomProgramGetsAVerdictAndItsReason) {
  const std::uint64_t seed = 20261122;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::array<int, 8> verdicts{};
  CheckedProgram checked;
  CheckRules rules;
  rules.max_nodes = 2;
  for (std::uint64_t subject = 0; subject < 20'000; ++subject) {
    DrawCursor cursor({.seed = seed, .purpose = Purpose::kTest, .subject = subject});
    const Program program = random_program(cursor);
    const Rejection rejection = check(program, rules, checked);
    ++verdicts[static_cast<std::size_t>(rejection.kind)];
    const std::string text = explain(rejection, program, rules);
    ASSERT_EQ(text == "accepted", rejection.kind == Kind::kNone) << to_text(program);
    ASSERT_EQ(text.find("is well formed"), std::string::npos) << to_text(program);
    if (rejection.kind == Kind::kNone) {
      ASSERT_LE(checked.mixings[program.output], TimeMixing::kCausal);
    }
  }
  for (const Kind kind :
       {Kind::kNone, Kind::kMalformed, Kind::kShape, Kind::kOutput, Kind::kLeak, Kind::kTooLarge}) {
    EXPECT_GT(verdicts[static_cast<std::size_t>(kind)], 20) << static_cast<int>(kind);
  }
}

}  // namespace
}  // namespace nas::space
