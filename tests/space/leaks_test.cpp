#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/space/architecture.hpp"
#include "nas/space/check.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

using Kind = Rejection::Kind;

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
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

/// A program that looks at the answer, the node that does and why.
struct Leak {
  const char* name;
  const char* body;
  const char* node;
  const char* reason;
};

const char* const kAhead = "reads x[t+1]";
const char* const kMeanTime = "averages over all tokens, later ones included";
const char* const kState = "sums a[t] b[t]^T over all tokens, later ones included";
const char* const kTransposed = "row t of transposed scores holds the scores of later queries";
const char* const kQueries = "normalises over all queries, later ones included";
const char* const kUnmasked = "normalises over all keys without the causal mask";

std::vector<Leak> leaks() {
  return {
      {"mixer_shift", "m = shift_time(linear(layer_norm(x)), steps=-1)\nreturn add(x, m)", "v3",
       kAhead},
      {"feed_forward_shift",
       "f = relu(linear(layer_norm(x), out=inner_dim))\ng = shift_time(f, steps=-1)\n"
       "return add(x, linear(g))",
       "v4", kAhead},
      {"heads_shift",
       "k = shift_time(split_heads(linear(x)), steps=-3)\nq = split_heads(linear(x))\n"
       "return merge_heads(matmul(softmax(matmul_nt(q, k)), k))",
       "v3", "reads x[t+3]"},
      {"unmasked_softmax",
       "h = split_heads(x)\nreturn merge_heads(matmul(softmax(matmul_nt(h, h), mask=none), h))",
       "v3", kUnmasked},
      {"softmax_over_queries",
       "h = split_heads(x)\nreturn merge_heads(matmul(softmax(matmul_nt(h, h), axis=queries), h))",
       "v3", kQueries},
      {"softmax_over_queries_unmasked",
       "h = split_heads(x)\n"
       "return merge_heads(matmul(softmax(matmul_nt(h, h), axis=queries, mask=none), h))",
       "v3", kQueries},
      {"transposed_scores",
       "h = split_heads(x)\nreturn merge_heads(matmul(transpose(matmul_nt(h, h)), h))", "v3",
       kTransposed},
      {"transposed_probabilities",
       "h = split_heads(x)\nreturn merge_heads(matmul(transpose(softmax(matmul_nt(h, h))), h))",
       "v4", kTransposed},
      {"transposed_twice",
       "h = split_heads(x)\ns = relu(transpose(matmul_nt(h, h)))\n"
       "return merge_heads(matmul(transpose(s), h))",
       "v3", kTransposed},
      {"linear_attention_state",
       "q = split_heads(linear(x))\nk = split_heads(linear(x))\nv = split_heads(x)\n"
       "return merge_heads(matmul(q, matmul_tn(k, v)))",
       "v6", kState},
      {"mean_over_time", "return subtract(x, mean_time(x))", "v1", kMeanTime},
      {"mean_over_time_of_heads", "return merge_heads(mean_time(split_heads(x)))", "v2", kMeanTime},
      {"behind_a_zero", "return add(x, scale_const(mean_time(x), value=0))", "v1", kMeanTime},
      {"inside_a_residual_branch",
       "h = add(x, linear(layer_norm(x)))\nb = multiply(h, sigmoid(shift_time(h, steps=-1)))\n"
       "return add(h, b)",
       "v4", kAhead},
      {"there_and_back", "return shift_time(shift_time(x, steps=-1), steps=1)", "v1", kAhead},
      {"back_and_there", "return shift_time(shift_time(x, steps=1), steps=-1)", "v2", kAhead},
      {"subtracted_from_itself", "m = mean_time(x)\nreturn add(x, subtract(m, m))", "v1",
       kMeanTime},
      {"gate_of_scores",
       "h = split_heads(x)\ns = matmul_nt(h, h)\ng = sigmoid(transpose(s))\n"
       "return merge_heads(matmul(multiply(s, g), h))",
       "v3", kTransposed},
  };
}

class CheckLeak : public testing::TestWithParam<Leak> {};

TEST_P(CheckLeak, IsRejectedWithItsReason) {
  const Leak& leak = GetParam();
  const Program program = read(leak.body);
  const Result result = result_of(program);
  ASSERT_EQ(result.kind, Kind::kLeak) << result.text;
  EXPECT_EQ(result.text.rfind(std::string(leak.node) + " = ", 0), 0U) << result.text;
  EXPECT_NE(result.text.find(": leaks the future: " + std::string(leak.reason)), std::string::npos)
      << result.text;

  CheckRules bidirectional;
  bidirectional.allowed = TimeMixing::kBidirectional;
  EXPECT_EQ(result_of(program, bidirectional).kind, Kind::kNone);
}

INSTANTIATE_TEST_SUITE_P(All, CheckLeak, testing::ValuesIn(leaks()),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(CheckLeaks, LeaksInDeadNodesAreDropped) {
  const Program program = read("d = mean_time(x)\ne = shift_time(d, steps=-1)\nreturn relu(x)");
  EXPECT_EQ(result_of(program).kind, Kind::kNone);
}

TEST(CheckLeaks, ALeakInTheSecondLayerOfAnArchitectureIsRejected) {
  Architecture architecture;
  architecture.layers.resize(2);
  for (LayerSpec& layer : architecture.layers)
    layer.program = read("return add(x, linear(shift_time(x)))");
  EXPECT_NO_THROW(require_valid(architecture, "two.json"));
  architecture.layers[1].program = read("return add(x, mean_time(linear(x)))");
  try {
    require_valid(architecture, "two.json");
    FAIL() << "accepted";
  } catch (const Error& error) {
    const std::string message = error.what();
    EXPECT_NE(message.find("layers[1]"), std::string::npos) << message;
    EXPECT_EQ(message.find("layers[0]"), std::string::npos) << message;
    EXPECT_NE(message.find(kMeanTime), std::string::npos) << message;
  }
}

}  // namespace
}  // namespace nas::space
