#include "nas/space/cost.hpp"

#include <gtest/gtest.h>

#include <string>

#include "nas/space/text.hpp"

namespace nas::space {
namespace {

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
}

/// A pre-norm GPT layer: LayerNorm, attention without biases, LayerNorm, GELU feed-forward with
/// biases.
Program gpt_layer() {
  return read(
      "h = layer_norm(x)\n"
      "q = split_heads(linear(h))\n"
      "k = split_heads(linear(h))\n"
      "v = split_heads(linear(h))\n"
      "s = scale_const(matmul_nt(q, k), by=inv_sqrt_head_dim)\n"
      "a = linear(merge_heads(matmul(softmax(s), v)))\n"
      "r = add(x, a)\n"
      "f = gelu(linear(layer_norm(r), out=inner_dim, bias=true))\n"
      "return add(r, linear(f, bias=true))\n");
}

Architecture gpt(std::size_t layers) {
  Architecture architecture;
  architecture.model.vocab_size = 101;
  architecture.model.model_dim = 48;
  architecture.model.positions = Positions::kLearned;
  architecture.model.max_len = 33;
  architecture.model.tied_head = true;
  architecture.layers.assign(layers, LayerSpec{6, 200, gpt_layer()});
  return architecture;
}

constexpr std::int64_t kTokenTable = std::int64_t{101} * 48;
constexpr std::int64_t kPositionTable = std::int64_t{33} * 48;

// Closed forms of the layer above, d model_dim, f inner_dim, h heads, n seq.
std::int64_t gpt_layer_params(std::int64_t d, std::int64_t f) {
  const std::int64_t norms = 2 * (2 * d);
  const std::int64_t attention = 4 * d * d;
  const std::int64_t feed_forward = d * f + f + f * d + d;
  return norms + attention + feed_forward;
}

double gpt_layer_flops_per_token(double d, double f, double h, double n) {
  const double norms = 2 * (7 * d + 4);
  const double projections = 4 * (2 * d * d);
  const double scores_and_values = 2 * n * d + 2 * n * d;
  const double scale_and_softmax = (1 + 5) * h * n;
  const double feed_forward = 2 * d * f + f + 5 * f + 2 * f * d + d;
  const double residuals = 2 * d;
  return norms + projections + scores_and_values + scale_and_softmax + feed_forward + residuals;
}

TEST(Cost, GptByClosedFormula) {
  CostPoint point;
  point.batch = 3;
  point.seq = 17;
  const Cost cost = cost_of(gpt(5), point);
  EXPECT_EQ(cost.embedding_params, kTokenTable + kPositionTable);
  EXPECT_EQ(cost.decoder_params, 5 * gpt_layer_params(48, 200) + (48 + 48));
  EXPECT_EQ(cost.params, cost.embedding_params + cost.decoder_params);
  const double final_norm = 7 * 48 + 4;
  const double positions = 48;
  const double head = 2 * 48 * 101;
  EXPECT_DOUBLE_EQ(cost.flops_per_token,
                   5 * gpt_layer_flops_per_token(48, 200, 6, 17) + final_norm + positions + head);
}

TEST(Cost, GptActivationsAndPeak) {
  CostPoint point;
  point.batch = 3;
  point.seq = 17;
  point.bytes_per_value = 2;
  const Cost cost = cost_of(gpt(5), point);
  const std::int64_t tokens = 3 * std::int64_t{17};
  const std::int64_t scores = tokens * 17 * 6;
  // norm, 3 projections, 3 splits, the values made finite, matmul, merge, linear, add, norm,
  // linear, add of width 48; two statistics for each row of both norms; linear and GELU of width
  // 200; scores, scaled, softmax and its masked copy.
  const std::int64_t layer = 15 * tokens * 48 + 2 * tokens * 2 + 2 * tokens * 200 + 4 * scores;
  const std::int64_t final_norm = tokens * (48 + 2);
  const std::int64_t embedded = tokens * 48;
  EXPECT_DOUBLE_EQ(cost.activation_bytes,
                   2.0 * static_cast<double>(5 * layer + final_norm + embedded));
  EXPECT_DOUBLE_EQ(cost.peak_bytes, 16.0 * static_cast<double>(cost.params) +
                                        cost.activation_bytes +
                                        12.0 * static_cast<double>(tokens * 101));
}

TEST(Cost, HeadPositionsAndNormChangeWhatTheyShould) {
  const CostPoint point;
  Architecture architecture = gpt(2);
  const Cost base = cost_of(architecture, point);

  architecture.model.tied_head = false;
  const Cost untied = cost_of(architecture, point);
  EXPECT_EQ(untied.embedding_params, base.embedding_params + kTokenTable);
  EXPECT_EQ(untied.decoder_params, base.decoder_params);
  EXPECT_EQ(untied.flops_per_token, base.flops_per_token);

  architecture = gpt(2);
  architecture.model.positions = Positions::kNone;
  const Cost bare = cost_of(architecture, point);
  EXPECT_EQ(bare.embedding_params, base.embedding_params - kPositionTable);
  EXPECT_EQ(bare.flops_per_token, base.flops_per_token - 48);

  architecture = gpt(2);
  architecture.model.final_norm = NormKind::kRmsNorm;
  const Cost rms = cost_of(architecture, point);
  EXPECT_EQ(rms.decoder_params, base.decoder_params - 48);
  EXPECT_EQ(rms.flops_per_token, base.flops_per_token - (3 * 48 + 1));
}

TEST(Cost, DifferentLayersAddUp) {
  const CostPoint point;
  Architecture small = gpt(1);
  Architecture large = gpt(1);
  large.layers[0].inner_dim = 333;
  Architecture both = gpt(1);
  both.layers.push_back(large.layers[0]);
  both.layers.push_back(small.layers[0]);
  Architecture empty = gpt(0);
  const auto layer_only = [&](const Architecture& architecture) {
    return cost_of(architecture, point).params - cost_of(empty, point).params;
  };
  EXPECT_EQ(layer_only(small), gpt_layer_params(48, 200));
  EXPECT_EQ(layer_only(large), gpt_layer_params(48, 333));
  EXPECT_EQ(layer_only(both), 2 * gpt_layer_params(48, 200) + gpt_layer_params(48, 333));
}

TEST(Cost, DeadNodesAreFree) {
  Program program = read("d = linear(x, out=inner_dim)\ne = exp(d)\nreturn linear(x)");
  CheckedProgram checked;
  ASSERT_EQ(check(program, {}, checked).kind, Rejection::Kind::kNone);
  Dims dims;
  dims.batch = 2;
  dims.seq = 3;
  dims.model_dim = 5;
  dims.inner_dim = 7;
  const ProgramCost cost = cost_of(program, checked, dims);
  EXPECT_EQ(cost.params, 5 * 5);
  EXPECT_EQ(cost.flops, 2 * 2 * 3 * 5 * 5);
  EXPECT_EQ(cost.saved_elements, 2 * 3 * 5);
}

TEST(Cost, AValueUsedTwiceCostsOnce) {
  Program program = read("h = linear(x)\nreturn multiply(h, h)");
  CheckedProgram checked;
  ASSERT_EQ(check(program, {}, checked).kind, Rejection::Kind::kNone);
  Dims dims;
  dims.model_dim = 6;
  EXPECT_EQ(cost_of(program, checked, dims).params, 6 * 6);
  EXPECT_EQ(cost_of(program, checked, dims).flops, 2 * 6 * 6 + 6);
}

TEST(Cost, LargeModelsDoNotOverflow) {
  Architecture architecture = gpt(1);
  architecture.model.vocab_size = 500'000;
  architecture.model.model_dim = 32'768;
  architecture.layers.assign(200, LayerSpec{256, 131'072, gpt_layer()});
  CostPoint point;
  point.batch = 1024;
  point.seq = 131'072;
  const Cost cost = cost_of(architecture, point);
  EXPECT_EQ(cost.decoder_params, 200 * gpt_layer_params(32'768, 131'072) + (32'768 + 32'768));
  const double expected = 200 * gpt_layer_flops_per_token(32'768, 131'072, 256, 131'072) +
                          (7.0 * 32'768 + 4) + 32'768 + 2.0 * 32'768 * 500'000;
  EXPECT_NEAR(cost.flops_per_token / expected, 1.0, 1e-12);
  EXPECT_GT(cost.activation_bytes, 0);
  EXPECT_GT(cost.peak_bytes, cost.activation_bytes);
}

}  // namespace
}  // namespace nas::space
