#include "nas/space/canonical.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>
#include <string>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "space/program_edits.hpp"
#include "space/reference_equivalence.hpp"
#include "support/random_programs.hpp"

namespace nas::space {
namespace {

using test::NearMiss;

constexpr std::uint64_t kSeed = 20260731;

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
}

DrawCursor cursor_of(std::uint64_t subject) {
  return DrawCursor(DrawKey{.seed = kSeed, .purpose = Purpose::kTest, .subject = subject});
}

void expect_same(const std::string& first, const std::string& second) {
  EXPECT_EQ(to_text(canonical(read(first))), to_text(canonical(read(second)))) << first << "\n"
                                                                               << second;
  EXPECT_EQ(hash_of(read(first)), hash_of(read(second)));
}

void expect_different(const std::string& first, const std::string& second) {
  EXPECT_NE(canonical(read(first)), canonical(read(second))) << first << "\n" << second;
  EXPECT_NE(hash_of(read(first)), hash_of(read(second)));
}

TEST(Canonical, AppliesEachRule) {
  expect_same("return negate(negate(tanh(x)))", "return tanh(x)");
  expect_same("return merge_heads(split_heads(tanh(x)))", "return tanh(x)");
  expect_same("return merge_heads(tanh(split_heads(merge_heads(split_heads(x)))))",
              "return merge_heads(tanh(split_heads(x)))");
  expect_same("return relu(relu(x))", "return relu(x)");
  expect_same("return abs(abs(x))", "return abs(x)");
  expect_same("return abs(negate(x))", "return abs(x)");
  expect_same("return square(negate(x))", "return square(x)");
  expect_same("return square(abs(negate(abs(x))))", "return square(x)");
  expect_same("return maximum(x, x)", "return x");
  expect_same("return minimum(tanh(x), tanh(x))", "return tanh(x)");
  expect_same("return subtract(x, negate(tanh(x)))", "return add(x, tanh(x))");
  expect_same("return add(negate(x), tanh(x))", "return subtract(tanh(x), x)");
  expect_same("return subtract(negate(x), negate(tanh(x)))", "return subtract(tanh(x), x)");
  expect_same("return scale_const(x, value=1)", "return x");
  expect_same("a = tanh(x)\nb = tanh(x)\nreturn multiply(a, b)",
              "a = tanh(x)\nreturn multiply(a, a)");
  expect_same("dead = exp(x)\nreturn tanh(x)", "return tanh(x)");
  expect_same("return multiply(x, tanh(x))", "return multiply(tanh(x), x)");
}

TEST(Canonical, DropsDoubleTransposition) {
  const std::string scores = "h = split_heads(x)\ns = softmax(matmul_nt(h, h))\n";
  expect_same(scores + "return merge_heads(matmul(transpose(transpose(s)), h))",
              scores + "return merge_heads(matmul(s, h))");
}

TEST(Canonical, FiresRulesToAFixedPoint) {
  expect_same("return negate(merge_heads(split_heads(negate(relu(relu(x))))))", "return relu(x)");
  // Merging makes operands equal, which makes a maximum vanish, which makes a relu repeat.
  expect_same("return relu(maximum(relu(add(x, tanh(x))), relu(add(tanh(x), x))))",
              "return relu(add(x, tanh(x)))");
  expect_same("return negate(minimum(negate(abs(negate(x))), negate(abs(x))))", "return abs(x)");
}

TEST(Canonical, NegatedSumsHaveOneForm) {
  const std::string operands = "a = tanh(x)\nb = exp(x)\n";
  expect_same(operands + "return add(negate(a), negate(b))",
              operands + "return subtract(negate(a), b)");
  expect_same(operands + "return add(negate(a), negate(b))",
              operands + "return subtract(negate(b), a)");
  expect_different(operands + "return subtract(negate(a), b)", operands + "return subtract(a, b)");
}

TEST(Canonical, NegatedSumsShareANegation) {
  // One negate node serves all sums, as in the program given, though the other operands, which
  // are less deep, come first.
  const std::string operands = "b = exp(tanh(x))\n";
  const std::string shared =
      operands +
      "n = negate(b)\n"
      "return multiply(multiply(subtract(n, sigmoid(x)), subtract(n, silu(x))), "
      "subtract(n, gelu(x)))";
  EXPECT_EQ(canonical(read(shared)).nodes.size(), read(shared).nodes.size());
  expect_same(shared,
              operands +
                  "return multiply(subtract(negate(gelu(x)), b), "
                  "multiply(subtract(negate(sigmoid(x)), b), add(negate(silu(x)), negate(b))))");
  // A negation that is there anyway is used.
  const std::string anyway =
      operands + "return multiply(subtract(negate(sigmoid(x)), b), exp(negate(b)))";
  EXPECT_EQ(canonical(read(anyway)).nodes.size(), 7U);
}

TEST(Canonical, KeepsWhatIsNotExactOrNotEqual) {
  expect_different("return subtract(x, tanh(x))", "return subtract(tanh(x), x)");
  expect_different("return negate(add(x, tanh(x)))", "return add(negate(x), negate(tanh(x)))");
  expect_different("return add(add(x, tanh(x)), exp(x))", "return add(x, add(tanh(x), exp(x)))");
  expect_different("return relu(negate(x))", "return relu(x)");
  expect_different("return scale_const(x, value=1, by=inv_sqrt_head_dim)", "return x");
  expect_different("return scale_const(x, value=-1)", "return negate(x)");
  expect_different("return gelu(x)", "return gelu(x, approximate=tanh)");
}

TEST(Canonical, NeverMergesParameters) {
  expect_different("return add(linear(x), linear(x))", "a = linear(x)\nreturn add(a, a)");
  expect_different("return add(tanh(linear(x)), tanh(linear(x)))",
                   "a = tanh(linear(x))\nreturn add(a, a)");
  expect_different("return maximum(layer_norm(x), layer_norm(x))", "return layer_norm(x)");
  // What stands below is merged, what stands above each is not.
  const Program merged = canonical(read("return add(linear(tanh(x)), linear(tanh(x)))"));
  EXPECT_EQ(merged.nodes.size(), 4U);
}

TEST(Canonical, NegativeZeroEqualsZero) {
  Program positive = read("return scale_const(x, value=0)");
  Program negative = positive;
  negative.nodes[0].fields[0] = -0.0;
  EXPECT_EQ(hash_of(positive), hash_of(negative));
  EXPECT_FALSE(std::signbit(canonical(negative).nodes[0].fields[0]));
}

TEST(Canonical, ReadsNaturally) {
  EXPECT_EQ(to_text(canonical(read("d = exp(x)\nb = tanh(x)\nreturn add(b, x)"))),
            to_text(read("b = tanh(x)\nreturn add(x, b)")));
}

TEST(Canonical, HashIsFixed) {
  // Stored in studies, where it finds duplicates: it may not change with the compiler, or when a
  // primitive is added to the table.
  EXPECT_EQ(hash_of(read("h = layer_norm(x)\nreturn add(x, linear(square(relu(linear(h, "
                         "out=inner_dim)))))"))
                .hex(),
            "3907fe6f6f589b0740749f286e722c9b");
}

TEST(Canonical, HashKnowsInputsAndOutput) {
  Program one = read("return tanh(x)");
  Program other = one;
  other.inputs[0] = kInnerShape;
  EXPECT_NE(hash_of(one), hash_of(other));
  EXPECT_NE(hash_of(read("return x")), hash_of(one));
  Program two_inputs = one;
  two_inputs.inputs.push_back(kModelShape);
  two_inputs.output = 2;
  Program second_input = two_inputs;
  second_input.nodes[0].inputs[0] = 1;
  EXPECT_NE(hash_of(two_inputs), hash_of(second_input));
}

const std::vector<Program>& sampled_programs() {
  static const std::vector<Program> programs = test::random_programs(kSeed, 2000);
  return programs;
}

TEST(CanonicalProperties, TenThousandRewritesMerge) {
  std::size_t changed = 0;
  for (std::uint64_t i = 0; i < 10000; ++i) {
    const Program& program = sampled_programs()[i % sampled_programs().size()];
    DrawCursor cursor = cursor_of(1000 + i);
    const Program other = test::rewritten_at_random(program, cursor);
    changed += other != program ? 1 : 0;
    const Program form = canonical(program);
    ASSERT_EQ(canonical(other), form) << "seed " << kSeed << " program " << i << "\n"
                                      << to_text(program) << "\n"
                                      << to_text(other);
    ASSERT_EQ(hash_of(other), hash_canonical(form));
  }
  EXPECT_GT(changed, 9500U);
}

TEST(CanonicalProperties, TenThousandNearMissesDiffer) {
  static_assert(test::kNearMisses == 7);
  constexpr int kWanted = 2000;  // of each of the seven kinds
  int equal = 0;
  for (std::size_t kind = 0; kind < test::kNearMisses; ++kind) {
    int differ = 0;
    for (std::uint64_t i = 0; differ < kWanted; ++i) {
      ASSERT_LT(i, 20000U) << "too few near misses of kind " << kind;
      const Program& program = sampled_programs()[i % sampled_programs().size()];
      DrawCursor cursor = cursor_of((1 + kind) * 1000000 + i);
      Program changed;
      if (!test::near_miss(static_cast<NearMiss>(kind), program, cursor, changed)) continue;
      const bool expected = test::equivalent(program, changed);
      ASSERT_EQ(hash_of(program) == hash_of(changed), expected)
          << "seed " << kSeed << " kind " << kind << " case " << i << "\n"
          << to_text(program) << "\n"
          << to_text(changed);
      ++(expected ? equal : differ);
    }
  }
  // Some are equal after all (twins exchanged), which the hash must see too.
  EXPECT_GT(equal, 50);
}

TEST(CanonicalProperties, AcceptedSmallerAndIdempotent) {
  CheckedProgram checked;
  for (const Program& program : sampled_programs()) {
    ASSERT_EQ(check(program, CheckRules{}, checked).kind, Rejection::Kind::kNone);
    const Program form = canonical(program);
    ASSERT_EQ(check(form, CheckRules{}, checked).kind, Rejection::Kind::kNone) << to_text(form);
    ASSERT_TRUE(
        std::all_of(checked.live.begin(), checked.live.end(), [](bool live) { return live; }));
    ASSERT_LE(form.nodes.size(), program.nodes.size());
    ASSERT_EQ(canonical(form), form);
    ASSERT_EQ(hash_canonical(form), hash_of(program));
  }
}

TEST(CanonicalProperties, HashesOfDifferentFormsDiffer) {
  std::set<std::string> forms;
  std::set<Hash128> hashes;
  for (const Program& program : sampled_programs()) {
    forms.insert(to_text(canonical(program)));
    hashes.insert(hash_of(program));
  }
  EXPECT_EQ(forms.size(), hashes.size());
  EXPECT_GT(forms.size(), 1900U);
}

}  // namespace
}  // namespace nas::space
