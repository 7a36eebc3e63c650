#include "nas/space/text.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "nas/core/philox.hpp"
#include "nas/space/primitive.hpp"
#include "support/error_of.hpp"
#include "support/random_programs.hpp"

namespace nas::space {
namespace {

using test::error_of;
using test::message_of;

const std::string kHead = "program(x: [batch, seq, model_dim])\n";

Program parsed(const std::string& text) { return program_from_text(text, "t"); }

/// The message for a program whose statements, after the first line, are `body`.
std::string message(const std::string& body) {
  return message_of([&] { return program_from_text(kHead + body, "t"); });
}

TEST(ProgramText, ReadsWhatTheHeaderShows) {
  const Program program = parsed(
      "program(x: [batch, seq, model_dim])\n"
      "  h = layer_norm(x)\n"
      "  q = linear(h, out=model_dim, bias=false)\n"
      "  return q\n");
  Program expected;
  expected.nodes = {make_node(primitive_index("layer_norm"), 0),
                    make_node(primitive_index("linear"), 1)};
  expected.output = 2;
  EXPECT_EQ(program, expected);
  EXPECT_EQ(to_text(program),
            "program(x: [batch, seq, model_dim])\n"
            "  v1 = layer_norm(x)\n"
            "  v2 = linear(v1)\n"
            "  return v2\n");
}

TEST(ProgramText, NestedCallsAreNodesInnerFirst) {
  const Program nested = parsed(kHead + "  return add(square(relu(x)), x)\n");
  const Program flat =
      parsed(kHead + "  a = relu(x)\n  b = square(a)\n  c = add(b, x)\n  return c\n");
  EXPECT_EQ(nested, flat);
}

TEST(ProgramText, SkipsCommentsBlankLinesAndLineBreaksInCalls) {
  const Program spread = parsed(
      "# a block\n\nprogram(x: [batch,\n seq, model_dim]) # input\r\n\n\ty = add(x, # first\n"
      "          x)\n return y # done\n# end");
  EXPECT_EQ(spread, parsed(kHead + "  y = add(x, x)\n  return y"));
}

TEST(ProgramText, ANameMayStandForAnotherValue) {
  EXPECT_EQ(parsed(kHead + "  y = x\n  z = relu(y)\n  return z"),
            parsed(kHead + "  return relu(x)"));
}

TEST(ProgramText, WritesSeveralInputsAndTheInputAsOutput) {
  Program program;
  program.inputs = {kModelShape, kHeadsShape};
  program.output = 1;
  EXPECT_EQ(to_text(program),
            "program(x0: [batch, seq, model_dim], x1: [batch, heads, seq, head_dim])\n"
            "  return x1\n");
  EXPECT_EQ(parsed(to_text(program)), program);
}

TEST(ProgramText, WritesFieldsThatAreNotAtTheirDefaults) {
  const std::string text = kHead +
                           "  v1 = linear(x, out=inner_dim, bias=true, init=zero)\n"
                           "  v2 = scale_const(v1, value=-0.1)\n"
                           "  v3 = shift_time(v2, steps=-3)\n"
                           "  v4 = layer_norm(v3, eps=1e-06)\n"
                           "  return v4\n";
  const Program program = parsed(text);
  EXPECT_EQ(program.nodes[0].fields, (std::array<double, 3>{1, 1, 2}));
  EXPECT_EQ(program.nodes[1].fields[0], -0.1);
  EXPECT_EQ(program.nodes[2].fields[0], -3);
  EXPECT_EQ(program.nodes[3].fields[0], 1e-6);
  EXPECT_EQ(to_text(program), text);
}

/// Any well-formed program, type-correct or not: random primitives, inputs and field values.
Program any_program(DrawCursor& cursor) {
  Program program;
  program.inputs.assign(1 + cursor.below(3), kModelShape);
  for (Shape& shape : program.inputs) {
    const std::uint32_t rank = 1 + cursor.below(4);
    shape = Shape{};
    for (std::uint32_t i = 0; i < rank; ++i) shape.axes[i] = static_cast<Axis>(1 + cursor.below(6));
  }
  const std::uint32_t nodes = cursor.below(40);
  for (std::uint32_t n = 0; n < nodes; ++n) {
    const auto values = static_cast<std::uint32_t>(program.value_count());
    const auto primitive =
        static_cast<std::uint16_t>(cursor.below(static_cast<std::uint32_t>(primitives().size())));
    const auto first = static_cast<ValueIndex>(cursor.below(values));
    const auto second = static_cast<ValueIndex>(cursor.below(values));
    Node node = make_node(primitive, first, second);
    const PrimitiveSpec& spec = spec_of(node);
    for (std::size_t i = 0; i < spec.fields.size(); ++i) {
      const FieldSpec& field = spec.fields[i];
      if (cursor.below(2) == 0) continue;
      double& value = node.fields[i];
      value = field.min + cursor.uniform() * (field.max - field.min);
      if (field.kind != FieldKind::kReal) value = std::floor(value);
      if (value == 0 && !field.zero_allowed) value = 1;
    }
    program.nodes.push_back(node);
  }
  program.output =
      static_cast<ValueIndex>(cursor.below(static_cast<std::uint32_t>(program.value_count())));
  return program;
}

TEST(ProgramText, TenThousandProgramsRoundTrip) {
  const DrawKey key{.seed = 7};
  RecordProperty("seed", 7);
  DrawCursor cursor(key);
  for (int i = 0; i < 10000; ++i) {
    const Program program = any_program(cursor);
    const std::string text = to_text(program);
    ASSERT_EQ(program_from_text(text, "t"), program) << "seed 7, program " << i << "\n" << text;
    ASSERT_EQ(program_from_json(to_json(program), "t"), program) << "seed 7, program " << i;
  }
}

TEST(ProgramText, AcceptedProgramsRoundTrip) {
  constexpr std::uint64_t kSeed = 11;
  constexpr std::uint64_t kPrograms = 2000;
  for (std::uint64_t i = 0; i < kPrograms; ++i) {
    const Program program = test::random_program(kSeed, i);
    ASSERT_EQ(program_from_text(to_text(program), "t"), program)
        << "seed " << kSeed << ", program " << i << "\n"
        << to_text(program);
  }
}

TEST(ProgramText, ShowsNodesThatNoProgramMayHold) {
  Program program;
  Node node;
  node.primitive = 9999;
  program.nodes = {node, make_node(primitive_index("relu"), 77)};
  program.output = 99;
  EXPECT_EQ(to_text(program), kHead + "  v1 = primitive_9999()\n  v2 = relu(v77)\n  return v99\n");
}

TEST(ProgramTextErrors, NameWhatStandsThereAndWhatWasExpected) {
  EXPECT_EQ(message_of([] { return parsed(""); }),
            "t:1:1: the text ends here, expected \"program(x: [batch, seq, model_dim])\"");
  EXPECT_EQ(message_of([] { return parsed("programme(x: [seq])"); }),
            "t:1:1: found \"programme\", expected \"program(x: [batch, seq, model_dim])\"");
  EXPECT_EQ(message_of([] { return parsed("program()\n return x"); }),
            "t:1:9: found \")\", expected the name of an input");
  EXPECT_EQ(message("  y = relu(x)\n"),
            "t:3:1: the text ends here, expected \"name = primitive(...)\" or \"return name\"");
  EXPECT_EQ(message("  y relu(x)\n"), "t:2:5: found \"relu\", expected \"=\"");
  EXPECT_EQ(message("  y = relu(x\n  return y"), "t:3:3: found \"return\", expected \")\"");
  EXPECT_EQ(message("  y = 3\n  return y"), "t:2:7: found \"3\", expected a value or a call");
  EXPECT_EQ(message("  return x\n  y = relu(x)"),
            "t:3:3: found \"y\", expected the end of the program after its \"return\"");
  EXPECT_EQ(message("  y = relu(x) z = relu(y)\n  return z"),
            "t:2:15: found \"z\", expected a new line before the next statement");
  EXPECT_EQ(message("  y = relu(x) return y"),
            "t:2:15: found \"return\", expected a new line before the next statement");
  EXPECT_EQ(message("  y = relu(x) ; \n  return y"), "t:2:15: \";\" has no meaning here");
  EXPECT_EQ(message("  y = r\xC3\xA9lu(x)\n"), "t:2:8: \"\\xc3\" has no meaning here");
}

TEST(ProgramTextErrors, UnknownNamesComeWithTheNearest) {
  EXPECT_EQ(message("  y = relo(x)\n  return y"),
            "t:2:7: unknown primitive \"relo\", did you mean \"relu\"?");
  EXPECT_EQ(message("  y = zzzzzzzz(x)\n  return y"), "t:2:7: unknown primitive \"zzzzzzzz\"");
  EXPECT_EQ(message("  hidden = relu(x)\n  return hiden"),
            "t:3:10: unknown value \"hiden\", did you mean \"hidden\"?");
  EXPECT_EQ(
      message("  return linear(x, bais=true)"),
      "t:2:20: linear has no field \"bais\", did you mean \"bias\"? (fields: out, bias, init)");
  EXPECT_EQ(message("  return relu(x, bias=true)"),
            "t:2:18: relu has no field \"bias\" (it has none)");
  EXPECT_EQ(message_of([] { return parsed("program(x: [batch, sek])"); }),
            "t:1:20: unknown axis \"sek\", did you mean \"seq\"? (known: batch, seq, heads, "
            "head_dim, model_dim, inner_dim)");
}

TEST(ProgramTextErrors, FieldsSayWhatIsAllowed) {
  EXPECT_EQ(message("  return linear(x, out=3)"),
            "t:2:24: linear.out = \"3\" must be one of model_dim, inner_dim");
  EXPECT_EQ(message("  return linear(x, out=model_dum)"),
            "t:2:24: linear.out = \"model_dum\" must be one of model_dim, inner_dim, did you mean "
            "\"model_dim\"?");
  EXPECT_EQ(message("  return linear(x, bias=1)"),
            "t:2:25: linear.bias = \"1\" must be true or false");
  EXPECT_EQ(message("  return shift_time(x, steps=0)"),
            "t:2:30: shift_time.steps = \"0\" must be an integer in [-16, 16] other than 0");
  EXPECT_EQ(message("  return shift_time(x, steps=-17)"),
            "t:2:30: shift_time.steps = \"-17\" must be an integer in [-16, 16] other than 0");
  EXPECT_EQ(message("  return shift_time(x, steps=1.5)"),
            "t:2:30: shift_time.steps = \"1.5\" must be an integer in [-16, 16] other than 0");
  EXPECT_EQ(message("  return scale_const(x, value=1e9)"),
            "t:2:31: scale_const.value = \"1e9\" must be a number in [-10000, 10000]");
  EXPECT_EQ(message("  return scale_const(x, value=nan)"),
            "t:2:31: scale_const.value = \"nan\" must be a number in [-10000, 10000]");
  EXPECT_EQ(message("  return scale_const(x, value=)"),
            "t:2:31: found \")\", expected a value for scale_const.value: a number in [-10000, "
            "10000]");
  EXPECT_EQ(message("  return scale_const(x, value=2, value=2)"),
            "t:2:34: field \"value\" is given twice");
  EXPECT_EQ(message("  return scale_const(value=2, x)"), "t:2:31: inputs come before fields");
}

TEST(ProgramTextErrors, NumbersThatAreNone) {
  EXPECT_EQ(message("  return scale_const(x, value=1e999)"),
            "t:2:31: \"1e999\" is outside the range of a double");
  EXPECT_EQ(message("  return scale_const(x, value=1.2.3)"), "t:2:31: \"1.2.3\" is not a number");
  EXPECT_EQ(message("  return scale_const(x, value=2x)"), "t:2:31: \"2x\" is not a number");
}

TEST(ProgramTextErrors, CountsAndDefinitions) {
  EXPECT_EQ(message("  return add(x)"), "t:2:10: add takes 2 inputs, not 1");
  EXPECT_EQ(message("  return relu()"), "t:2:10: relu takes 1 input, not 0");
  EXPECT_EQ(message("  return relu(x, x)"), "t:2:18: relu takes 1 input, not 2");
  EXPECT_EQ(message("  x = relu(x)\n  return x"),
            "t:2:3: value \"x\" is defined again; first on line 1");
  EXPECT_EQ(message("  true = relu(x)\n  return x"),
            "t:2:3: \"true\" is a word of the language, not a value's name");
  EXPECT_EQ(message_of([] { return parsed("program(x: [seq, seq, seq, seq, seq])"); }),
            "t:1:33: a shape has at most 4 axes");
}

TEST(ProgramTextErrors, HostileTextIsRefused) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "relu(";
  EXPECT_EQ(message("  return " + deep), "t:2:1010: calls are nested more than 200 deep");
  std::string many = kHead;
  for (int i = 0; i < 65535; ++i) many += "  v" + std::to_string(i) + " = relu(x)\n";
  EXPECT_EQ(parsed(many + "  return v65534").output, 65535);
  EXPECT_EQ(message_of([&] { return parsed(many + "  last = relu(x)\n  return last"); }),
            "t:65537:10: a program has at most 65536 values");
  EXPECT_EQ(message(std::string("  return x\0", 11)), "t:2:11: \"\\x00\" has no meaning here");
  EXPECT_EQ(message("  return " + std::string(1000, 'y')),
            "t:2:10: unknown value \"" + std::string(60, 'y') + "...\"");
}

TEST(ProgramTextErrors, AreConfigErrors) {
  const auto error = error_of([] { return parsed("x"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kConfig);
}

TEST(ProgramJson, IsAnArrayOfLinesOrAString) {
  const Program program = parsed(kHead + "  return relu(x)");
  EXPECT_EQ(to_json(program),
            Json({"program(x: [batch, seq, model_dim])", "  v1 = relu(x)", "  return v1"}));
  EXPECT_EQ(program_from_json(to_json(program), "t"), program);
  EXPECT_EQ(program_from_json(Json(to_text(program)), "t"), program);
  const std::string wrong = "t: a program must be a string or an array of lines";
  for (const Json& json : {Json(3), Json::array(), Json({"program(x: [seq])", 3}), Json(nullptr)}) {
    EXPECT_EQ(message_of([&] { return program_from_json(json, "t"); }), wrong) << json;
  }
}

TEST(ProgramJson, ErrorsNameTheLine) {
  const Json lines = {"program(x: [batch, seq, model_dim])", "  return relo(x)"};
  EXPECT_EQ(message_of([&] { return program_from_json(lines, "t"); }),
            "t, line 2, column 10: unknown primitive \"relo\", did you mean \"relu\"?");
  JsonPositions positions("a.json");
  const Json document = parse_json(
      "{\"lines\": [\n  \"program(x: [batch, seq, model_dim])\",\n  \"  return relo(x)\"\n],\n"
      " \"text\": \"program(x: [seq])\\n return relo(x)\"}",
      positions);
  EXPECT_EQ(message_of([&] { return program_from_json(document["lines"], positions, "/lines"); }),
            "a.json:3:3, column 10: unknown primitive \"relo\", did you mean \"relu\"?");
  EXPECT_EQ(message_of([&] { return program_from_json(document["text"], positions, "/text"); }),
            "a.json:5:2, line 2, column 9: unknown primitive \"relo\", did you mean \"relu\"?");
  const Json unfinished = {"program(x: [batch, seq, model_dim])"};
  EXPECT_EQ(message_of([&] { return program_from_json(unfinished, positions, "/lines"); }),
            "a.json:2:3, column 1: the text ends here, expected \"name = primitive(...)\" or "
            "\"return name\"");
}

}  // namespace
}  // namespace nas::space
