#include "nas/space/mutation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"
#include "nas/space/text.hpp"
#include "space/mutation_kinds.hpp"
#include "support/random_programs.hpp"

namespace nas::space {
namespace {

constexpr std::uint64_t kSeed = test::kSampleSeed;
constexpr std::array kKinds = {MutationKind::kInsert, MutationKind::kDelete,
                               MutationKind::kDeleteInsert, MutationKind::kField,
                               MutationKind::kSwap};

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
}

DrawCursor cursor_of(std::uint64_t subject) {
  return DrawCursor(DrawKey{.seed = kSeed, .purpose = Purpose::kTest, .subject = subject});
}

MutationRules rules_with(const std::vector<std::string>& vocabulary) {
  MutationRules rules;
  for (const std::string& name : vocabulary) rules.vocabulary.push_back(primitive_index(name));
  return rules;
}

bool is_accepted(const Program& program, const CheckRules& rules = {}) {
  CheckedProgram checked;
  return check(program, rules, checked).kind == Rejection::Kind::kNone;
}

const std::vector<Program>& sampled_programs() {
  static const std::vector<Program> programs =
      test::random_programs(test::kSampleSeed, test::kSampleSize);
  return programs;
}

/// Distinct children of one kind, in text, and how many attempts were accepted.
std::map<std::string, int> children_of(MutationKind kind, const Program& parent,
                                       const MutationRules& rules, int attempts) {
  std::map<std::string, int> children;
  DrawCursor cursor = cursor_of(5);
  for (int i = 0; i < attempts; ++i) {
    Program child;
    if (try_mutation(kind, parent, rules, cursor, child)) ++children[to_text(child)];
  }
  return children;
}

TEST(RandomPrograms, CoverThePrimitives) {
  std::map<std::string, int> counts;
  std::vector<std::size_t> live_nodes;
  std::size_t outside_attention = 0;
  for (const Program& program : sampled_programs()) {
    CheckedProgram checked;
    ASSERT_EQ(check(program, CheckRules{}, checked).kind, Rejection::Kind::kNone);
    std::size_t live = 0;
    for (std::size_t i = 0; i < program.nodes.size(); ++i) {
      if (!checked.live[program.value_of(i)]) continue;
      ++counts[spec_of(program.nodes[i]).name];
      ++live;
    }
    live_nodes.push_back(live);
    outside_attention += test::mixes_time_outside_attention(program) ? 1 : 0;
  }
  const std::vector<std::uint16_t> vocabulary = test::causal_vocabulary();
  EXPECT_GE(vocabulary.size(), 43U);
  for (const std::uint16_t primitive : vocabulary) {
    EXPECT_GE(counts[primitives()[primitive].name], 50) << primitives()[primitive].name;
  }
  std::nth_element(live_nodes.begin(), live_nodes.begin() + 1000, live_nodes.end());
  EXPECT_GE(live_nodes[1000], 15U);
  EXPECT_GE(outside_attention, 400U);
  EXPECT_LE(outside_attention, 1900U);
}

TEST(RandomPrograms, VocabularyLeavesOutWhatAlwaysLeaks) {
  const std::vector<std::uint16_t> vocabulary = test::causal_vocabulary();
  for (const char* name : {"mean_time", "transpose", "matmul_tn"}) {
    EXPECT_EQ(std::count(vocabulary.begin(), vocabulary.end(), primitive_index(name)), 0) << name;
  }
}

TEST(RandomPrograms, SeeTimeMixingOutsideAttention) {
  const std::string heads = "h = split_heads(x)\ns = matmul_nt(h, h)\n";
  EXPECT_FALSE(test::mixes_time_outside_attention(
      read(heads + "return merge_heads(matmul(square(softmax(s)), h))")));
  EXPECT_TRUE(
      test::mixes_time_outside_attention(read(heads + "return merge_heads(matmul(relu(s), h))")));
  EXPECT_TRUE(test::mixes_time_outside_attention(read("return cumulative_mean(x)")));
  EXPECT_TRUE(test::mixes_time_outside_attention(read("return shift_time(x)")));
  EXPECT_FALSE(
      test::mixes_time_outside_attention(read("return causal_depthwise_conv(x, width=1)")));
  EXPECT_FALSE(test::mixes_time_outside_attention(read("return relu(x)")));
}

TEST(Mutation, EveryKindIsAcceptedOften) {
  const MutationRules rules = test::causal_rules();
  std::array<int, kKinds.size()> accepted{};
  std::array<int, kKinds.size()> tried{};
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Program& parent = sampled_programs()[i % sampled_programs().size()];
    DrawCursor cursor = cursor_of(i);
    const std::size_t kind = i % kKinds.size();
    Program child;
    ++tried[kind];
    if (!try_mutation(kKinds[kind], parent, rules, cursor, child)) continue;
    ++accepted[kind];
    ASSERT_TRUE(is_accepted(child, rules.check)) << "seed " << kSeed << " case " << i;
  }
  for (std::size_t kind = 0; kind < kKinds.size(); ++kind) {
    EXPECT_GE(accepted[kind], 500) << to_text(kKinds[kind]) << " of " << tried[kind];
    EXPECT_GE(accepted[kind], tried[kind] * 6 / 10) << to_text(kKinds[kind]);
  }
}

TEST(Mutation, KindsAreDrawnEvenlyAndChildrenDiffer) {
  const MutationRules rules = test::causal_rules();
  std::map<MutationKind, int> kinds;
  CheckedProgram checked;
  for (std::uint64_t i = 0; i < 5000; ++i) {
    const Program& parent = sampled_programs()[i % sampled_programs().size()];
    DrawCursor cursor = cursor_of(i);
    Program child;
    MutationKind kind{};
    ASSERT_TRUE(mutate_program(parent, rules, cursor, child, kind));
    ASSERT_NE(hash_of(child), hash_of(parent));
    ASSERT_EQ(check(child, rules.check, checked).kind, Rejection::Kind::kNone);
    ASSERT_TRUE(std::all_of(checked.live.begin(), checked.live.end(), [](bool live) {
      return live;
    })) << "dead nodes";
    ++kinds[kind];
  }
  ASSERT_EQ(kinds.size(), kKinds.size());
  for (const auto& [kind, count] : kinds) EXPECT_GE(count, 500) << to_text(kind);
}

TEST(Mutation, SameKeySameChild) {
  const MutationRules rules = test::causal_rules();
  for (std::uint64_t i = 0; i < 200; ++i) {
    const Program& parent = sampled_programs()[i];
    std::array<Program, 2> children;
    std::array<MutationKind, 2> kinds{};
    for (std::size_t run = 0; run < 2; ++run) {
      DrawCursor cursor = cursor_of(i);
      ASSERT_TRUE(mutate_program(parent, rules, cursor, children[run], kinds[run]));
    }
    EXPECT_EQ(children[0], children[1]);
    EXPECT_EQ(kinds[0], kinds[1]);
  }
}

TEST(Mutation, DeleteUndoesInsert) {
  const MutationRules rules = test::causal_rules();
  int undone = 0;
  constexpr int kCases = 100;
  for (std::uint64_t i = 0; i < kCases; ++i) {
    const Program& parent = sampled_programs()[i];
    DrawCursor cursor = cursor_of(i);
    Program child;
    if (!try_mutation(MutationKind::kInsert, parent, rules, cursor, child)) continue;
    for (int draw = 0; draw < 2000; ++draw) {
      Program back;
      if (try_mutation(MutationKind::kDelete, child, rules, cursor, back) &&
          hash_of(back) == hash_of(parent)) {
        ++undone;
        break;
      }
    }
  }
  EXPECT_GE(undone, kCases * 95 / 100);
}

TEST(Mutation, NoOpGuard) {
  // Wherever a relu is inserted here the rules remove it again, and nothing else can change.
  const MutationRules rules = rules_with({"relu"});
  const Program parent = read("return relu(x)");
  DrawCursor cursor = cursor_of(0);
  Program child;
  MutationKind kind{};
  for (int i = 0; i < 50; ++i) {
    if (!mutate_program(parent, rules, cursor, child, kind)) continue;
    EXPECT_NE(hash_of(child), hash_of(parent));
    EXPECT_EQ(child, read("return x"));
  }
  MutationRules only_inserts = rules;
  only_inserts.check.max_nodes = 2;
  EXPECT_EQ(children_of(MutationKind::kInsert, parent, only_inserts, 100).size(), 1U);
}

TEST(Mutation, GivesUpWhenNothingCanChange) {
  DrawCursor cursor = cursor_of(0);
  Program child;
  MutationKind kind{};
  EXPECT_FALSE(mutate_program(read("return x"), rules_with({}), cursor, child, kind));
  EXPECT_FALSE(try_mutation(MutationKind::kChoice, read("return relu(x)"), rules_with({"relu"}),
                            cursor, child));
  // A parent that the rules refuse has no mutations.
  MutationRules rules = rules_with({"relu"});
  rules.check.max_nodes = 1;
  EXPECT_FALSE(mutate_program(read("return tanh(relu(x))"), rules, cursor, child, kind));
}

TEST(Mutation, InsertReachesEveryPlace) {
  const Program parent = read("return tanh(exp(x))");
  const auto unary = children_of(MutationKind::kInsert, parent, rules_with({"relu"}), 300);
  ASSERT_EQ(unary.size(), 3U);
  for (const auto& [text, count] : unary) EXPECT_NEAR(count, 100, 40) << text;
  // Second operands are any earlier value: x; x and exp(x); all three; in both orders.
  const auto binary = children_of(MutationKind::kInsert, parent, rules_with({"subtract"}), 600);
  EXPECT_EQ(binary.size(), 1U + 3U + 5U);
}

TEST(Mutation, InsertMayChangeShapesThatTheUserAccepts) {
  const Program parent = read("return linear(x)");
  const auto children = children_of(MutationKind::kInsert, parent, rules_with({"linear"}), 500);
  const bool widened = std::any_of(children.begin(), children.end(), [](const auto& child) {
    return child.first.find("out=inner_dim") != std::string::npos;
  });
  EXPECT_TRUE(widened);
}

TEST(Mutation, InsertBuildsOnScores) {
  const Program parent =
      read("h = split_heads(x)\ns = softmax(matmul_nt(h, h))\nreturn merge_heads(matmul(s, h))");
  const auto children =
      children_of(MutationKind::kInsert, parent, rules_with({"matmul", "softmax"}), 500);
  const auto holds = [&](const char* text) {
    return std::any_of(children.begin(), children.end(), [&](const auto& child) {
      return child.first.find(text) != std::string::npos;
    });
  };
  EXPECT_TRUE(holds("v5 = matmul(v3, v1)\n  v6 = matmul(v3, v5)") ||
              holds("v4 = matmul(v3, v1)\n  v5 = matmul(v3, v4)"));
  EXPECT_TRUE(holds("softmax(v3)"));
}

TEST(Mutation, DeleteReplacesANodeByAnInput) {
  const Program parent = read("return add(tanh(x), exp(x))");
  const auto children = children_of(MutationKind::kDelete, parent, rules_with({}), 300);
  std::vector<std::string> expected;
  for (const char* body :
       {"return add(x, exp(x))", "return add(tanh(x), x)", "return tanh(x)", "return exp(x)"}) {
    expected.push_back(to_text(read(body)));
  }
  for (const std::string& text : expected) EXPECT_EQ(children.count(text), 1U) << text;
  EXPECT_EQ(children.size(), expected.size());
}

TEST(Mutation, SwapExchangesPlacesWithOperands) {
  const Program parent = read("a = tanh(x)\nb = exp(a)\nreturn subtract(a, square(b))");
  const auto children = children_of(MutationKind::kSwap, parent, rules_with({}), 600);
  EXPECT_EQ(children.count(to_text(read("a = exp(x)\nb = tanh(a)\nreturn subtract(a, square(b))"))),
            1U);
  EXPECT_EQ(children.count(to_text(read("a = square(x)\nb = exp(a)\nreturn subtract(a, tanh(b))"))),
            1U);
  // A binary node in the place of a unary one draws the operand that it lacks.
  EXPECT_EQ(children.count(to_text(read("a = subtract(x, x)\nb = exp(a)\nc = square(b)\n"
                                        "return tanh(c)"))),
            1U);
}

TEST(Mutation, SwapMovesAConvolutionAcrossHeads) {
  const Program parent = read("return merge_heads(split_heads(causal_depthwise_conv(x)))");
  const auto children = children_of(MutationKind::kSwap, parent, rules_with({}), 200);
  EXPECT_EQ(
      children.count(to_text(read("return merge_heads(causal_depthwise_conv(split_heads(x)))"))),
      1U);
}

TEST(Mutation, FieldChangesOneFieldOfOneNode) {
  const MutationRules rules = rules_with({});
  DrawCursor cursor = cursor_of(3);
  for (const Program& parent : sampled_programs()) {
    Program child;
    if (!try_mutation(MutationKind::kField, parent, rules, cursor, child)) continue;
    ASSERT_EQ(child.nodes.size(), parent.nodes.size());
    int changed = 0;
    for (std::size_t i = 0; i < parent.nodes.size(); ++i) {
      EXPECT_EQ(child.nodes[i].primitive, parent.nodes[i].primitive);
      EXPECT_EQ(child.nodes[i].inputs, parent.nodes[i].inputs);
      for (std::size_t k = 0; k < kMaxFields; ++k) {
        changed += child.nodes[i].fields[k] != parent.nodes[i].fields[k] ? 1 : 0;
      }
    }
    ASSERT_EQ(changed, 1);
  }
}

TEST(MutationField, ValuesStayLegalAndShort) {
  DrawCursor cursor = cursor_of(4);
  for (const PrimitiveSpec& spec : primitives()) {
    for (const FieldSpec& field : spec.fields) {
      double value = field.fallback;
      for (int i = 0; i < 2000; ++i) {
        const double next = redrawn_field(field, value, cursor);
        ASSERT_TRUE(next >= field.min && next <= field.max) << spec.name << " " << field.name;
        ASSERT_FALSE(std::signbit(next) && next == 0);
        if (field.kind != FieldKind::kReal) {
          ASSERT_EQ(next, std::trunc(next));
        }
        ASSERT_TRUE(next != 0 || field.zero_allowed);
        value = next;
      }
      Node node = make_node(primitive_index(spec.name));
      node.fields[static_cast<std::size_t>(&field - spec.fields.data())] = value;
      Program program = read("return x");
      program.nodes.push_back(node);
      program.output = 1;
      EXPECT_LE(to_text(program).size(), 120U) << to_text(program);
    }
  }
}

TEST(MutationField, RealsSpreadAsPrimersConstants) {
  const FieldSpec& scale =
      primitives()[primitive_index("scale_const")].fields[scale_const_field::kValue];
  DrawCursor cursor = cursor_of(6);
  int negative = 0;
  int large = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double value = redrawn_field(scale, 1, cursor);
    negative += value < 0 ? 1 : 0;
    large += value > 100 ? 1 : 0;
  }
  // P(10^X + Y < 0) = integral of Phi(-10^x) phi(x) dx = 0.2037; P(10^X > 100) = 0.0228.
  EXPECT_NEAR(static_cast<double>(negative) / kDraws, 0.2037, 0.012);
  EXPECT_NEAR(static_cast<double>(large) / kDraws, 0.0228, 0.004);
}

TEST(Mutation, NeverLeaksInACausalModel) {
  // Every primitive may be inserted, fields may go anywhere: the check must keep leaks out.
  MutationRules rules;
  for (const PrimitiveSpec& spec : primitives()) {
    rules.vocabulary.push_back(primitive_index(spec.name));
  }
  MutationRules bidirectional = rules;
  bidirectional.check.allowed = TimeMixing::kBidirectional;
  int leaking = 0;
  for (std::uint64_t i = 0; i < 500; ++i) {
    DrawCursor cursor = cursor_of(9000 + i);
    Program causal = test::initial_programs()[i % 5];
    Program free = causal;
    for (int step = 0; step < 10; ++step) {
      Program child;
      MutationKind kind{};
      ASSERT_TRUE(mutate_program(causal, rules, cursor, child, kind));
      ASSERT_TRUE(is_accepted(child)) << to_text(child);
      causal = child;
      ASSERT_TRUE(mutate_program(free, bidirectional, cursor, child, kind));
      free = child;
    }
    leaking += is_accepted(free) ? 0 : 1;
  }
  EXPECT_GT(leaking, 50);
}

}  // namespace
}  // namespace nas::space
