#include <gtest/gtest.h>

#include <cmath>

#include "fixtures.hpp"
#include "nas/space/text.hpp"

namespace nas::search {
namespace {

space::Architecture with_program(const std::string& text) {
  space::Architecture architecture;
  architecture.model.model_dim = 32;
  space::LayerSpec layer;
  layer.inner_dim = 128;
  layer.program = space::program_from_text(text, "test");
  architecture.layers = {layer};
  return architecture;
}

double value_of(const std::string& text) {
  return SyntheticObjective(1, {}).value(with_program(text), 1, 1, 0);
}

constexpr const char* kPlain = R"(program(x: [batch, seq, model_dim])
  a = linear(x, out=inner_dim)
  b = relu(a)
  return add(x, linear(b, out=model_dim)))";

TEST(Synthetic, RewardsSquaredReluAndIgnoresNeutralNodes) {
  const double plain = value_of(kPlain);
  const double squared = value_of(R"(program(x: [batch, seq, model_dim])
  a = linear(x, out=inner_dim)
  b = square(relu(a))
  return add(x, linear(b, out=model_dim)))");
  // Half of the squares' 0.15, and the whole bonus for the order.
  EXPECT_NEAR(plain - squared, 0.075 + 0.05, 1e-12);
  const double neutral = value_of(R"(program(x: [batch, seq, model_dim])
  a = linear(x, out=inner_dim)
  b = tanh(relu(a))
  return add(x, linear(b, out=model_dim)))");
  EXPECT_EQ(plain, neutral);
}

TEST(Synthetic, GatesHurtWithoutSquares) {
  const double gate_alone = value_of(R"(program(x: [batch, seq, model_dim])
  return add(x, multiply(x, sigmoid(x))))");
  const double nothing = value_of(R"(program(x: [batch, seq, model_dim])
  return add(x, multiply(x, tanh(x))))");
  EXPECT_NEAR(gate_alone - nothing, 0.05, 1e-12);
}

TEST(Synthetic, OptimumIsReachedByAProgramAndNeverBeaten) {
  const char* best = R"(program(x: [batch, seq, model_dim])
  h = rms_norm(x)
  q = split_heads(causal_depthwise_conv(linear(h)))
  k = split_heads(causal_depthwise_conv(linear(h)))
  v = split_heads(causal_depthwise_conv(linear(h)))
  m = merge_heads(matmul(softmax(matmul_nt(q, k)), v))
  r = add(x, scale_learned(m))
  f = square(relu(square(linear(rms_norm(r), out=inner_dim))))
  g = multiply(f, sigmoid(sigmoid(f)))
  s = add(r, scale_learned(linear(g, out=model_dim)))
  return add(s, cumulative_mean(s)))";
  EXPECT_NEAR(value_of(best), SyntheticObjective::optimum(), 1e-12);
  const auto space = testing::evolving_space();
  const auto searcher = testing::make_searcher("random", space, 9, Json::object());
  for (const space::Trial& trial : testing::run_synthetic(*searcher, *space, 9, 200)) {
    EXPECT_GE(trial.outcome.value, SyntheticObjective::optimum() - 1e-12);
  }
}

TEST(Synthetic, CurveDecreasesToTheFinalValueAndNoiseIsKeyed) {
  const space::Architecture architecture = with_program(kPlain);
  const SyntheticObjective exact(1, {});
  double before = 1e9;
  for (std::int64_t step = 0; step <= 20; ++step) {
    const double value = exact.value(architecture, step, 20, 0);
    EXPECT_LT(value, before);
    before = value;
  }
  SyntheticObjective::Options options;
  options.noise = 0.1;
  const SyntheticObjective noisy(1, options);
  EXPECT_EQ(noisy.value(architecture, 20, 20, 0), noisy.value(architecture, 20, 20, 0));
  EXPECT_NE(noisy.value(architecture, 20, 20, 0), noisy.value(architecture, 20, 20, 1));
}

TEST(Synthetic, FailShareIsMet) {
  SyntheticObjective::Options options;
  options.fail_share = 0.3;
  const SyntheticObjective objective(4, options);
  const auto space = testing::evolving_space();
  const auto searcher = testing::make_searcher("random", space, 11, Json::object());
  int failed = 0;
  constexpr int kTrials = 400;
  for (const space::Trial& trial : testing::run_synthetic(*searcher, *space, 11, kTrials)) {
    failed += objective.fails(trial.candidate.architecture);
  }
  // Four standard deviations of a binomial share.
  EXPECT_NEAR(failed / double(kTrials), 0.3, 4 * std::sqrt(0.3 * 0.7 / kTrials));
}

}  // namespace
}  // namespace nas::search
