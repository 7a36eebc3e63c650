#include "nn/initialise.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <numbers>

#include "nas/core/philox.hpp"
#include "nas/space/primitive_fields.hpp"
#include "nn/models.hpp"

namespace nas::test {
namespace {

using nn::draw_initial_values;
using nn::InitialValues;

std::vector<float> drawn(std::size_t count, const InitialValues& rule, std::uint64_t seed,
                         std::uint32_t repeat, const std::string& path) {
  const at::Tensor values = at::empty({static_cast<std::int64_t>(count)}, at::kFloat);
  draw_initial_values(values, rule, seed, repeat, path);
  const auto* const first = values.const_data_ptr<float>();
  return {first, first + count};
}

TEST(InitialValues, AreBoxMullerOfTheParametersOwnDraws) {
  const std::vector<float> values = drawn(10, {2.0, {0.5}}, 11, 3, "layers.0.v1.weight");
  const DrawKey key{11, Purpose::kInitialisation, subject_of_path(3, "layers.0.v1.weight"), 0};
  for (std::size_t i = 0; i < values.size(); ++i) {
    const PhiloxCounter words = draw(key, static_cast<std::uint32_t>(i / 4));
    const std::size_t pair = i % 4 / 2 * 2;
    const double radius = std::sqrt(-2 * std::log((words[pair] + 1.0) / 4294967296.0));
    const double angle = 2 * std::numbers::pi * (words[pair + 1] / 4294967296.0);
    const double normal = radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
    EXPECT_EQ(values[i], static_cast<float>(0.5 + 2.0 * normal)) << i;
  }
}

TEST(InitialValues, RepeatTheMeanAlongTheLastAxis) {
  EXPECT_EQ(drawn(6, {0, {0.5, 0.25, 0.125}}, 1, 0, "x"),
            (std::vector<float>{0.5F, 0.25F, 0.125F, 0.5F, 0.25F, 0.125F}));
}

TEST(InitialValues, HaveTheNormalsMoments) {
  const std::size_t count = 400'000;
  const std::vector<float> values = drawn(count, {3.0, {0}}, 5, 0, "x");
  double moments[5] = {};
  for (const float value : values) {
    for (int k = 1; k <= 4; ++k)
      moments[k] += std::pow(value / 3.0, k) / static_cast<double>(count);
  }
  // Five standard errors of each moment: sqrt(1), sqrt(2), sqrt(15), sqrt(96) over sqrt(count).
  const double error = 5 / std::sqrt(static_cast<double>(count));
  EXPECT_NEAR(moments[1], 0, error);
  EXPECT_NEAR(moments[2], 1, std::sqrt(2.0) * error);
  EXPECT_NEAR(moments[3], 0, std::sqrt(15.0) * error);
  EXPECT_NEAR(moments[4], 3, std::sqrt(96.0) * error);
}

TEST(InitialValues, DependOnSeedRepeatAndPathAlone) {
  const InitialValues rule{1.0, {0}};
  const std::vector<float> values = drawn(50'001, rule, 1, 0, "a");
  const int threads = at::get_num_threads();
  for (const int count : {1, 2, 3}) {
    at::set_num_threads(count);
    EXPECT_EQ(drawn(50'001, rule, 1, 0, "a"), values);
  }
  at::set_num_threads(threads);
  EXPECT_NE(drawn(50'001, rule, 2, 0, "a"), values);
  EXPECT_NE(drawn(50'001, rule, 1, 1, "a"), values);
  EXPECT_NE(drawn(50'001, rule, 1, 0, "b"), values);
  // A larger parameter of the same path begins with the same values.
  std::vector<float> longer = drawn(60'000, rule, 1, 0, "a");
  longer.resize(values.size());
  EXPECT_EQ(longer, values);
}

/// Parameters of the first layer by the primitive that holds them.
std::vector<at::Tensor> parameters_of(const nn::Model& model, const std::string& primitive,
                                      const std::string& parameter) {
  std::vector<at::Tensor> found;
  const space::Program& program = model.architecture().layers[0].program;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (space::spec_of(program.nodes[i]).name != primitive) continue;
    const std::string name = "layers.0.v" + std::to_string(program.value_of(i)) + "." + parameter;
    for (const nn::NamedTensor& named : model.parameters()) {
      if (named.name == name) found.push_back(named.tensor.detach());
    }
  }
  return found;
}

TEST(InitialValues, OfAModelFollowEachPrimitivesRule) {
  space::Architecture architecture = primer_architecture();
  architecture.model.model_dim = 240;
  architecture.layers[0].inner_dim = 480;
  nn::Model model(architecture, {});
  model.initialise(7, 0);

  std::vector<double> stds;
  for (const at::Tensor& weight : parameters_of(model, "linear", "weight")) {
    stds.push_back(weight.std().item<double>());
    EXPECT_NEAR(weight.mean().item<double>(), 0, 5 * stds.back() / 240);
  }
  std::sort(stds.begin(), stds.end());
  const double fan_in = 1 / std::sqrt(240.0);
  // q with head_dim 80 folded in; the down projection from 480; k, v, o and the up projection.
  std::vector<double> expected{fan_in / std::sqrt(80.0), 1 / std::sqrt(480.0)};
  expected.insert(expected.end(), 4, fan_in);
  ASSERT_EQ(stds.size(), expected.size());
  for (std::size_t i = 0; i < stds.size(); ++i)
    EXPECT_NEAR(stds[i], expected[i], 0.02 * expected[i]);

  const auto taps = parameters_of(model, "causal_depthwise_conv", "weight");
  ASSERT_EQ(taps.size(), 3U);
  for (const at::Tensor& tap : taps) {
    const at::Tensor row = at::tensor({0.5F, 0.5F / 3, 0.5F / 3});
    EXPECT_TRUE(at::equal(tap, row.expand_as(tap)));
  }
  for (const at::Tensor& weight : parameters_of(model, "layer_norm", "weight")) {
    EXPECT_TRUE(at::equal(weight, at::ones_like(weight)));
  }
  for (const at::Tensor& bias : parameters_of(model, "layer_norm", "bias")) {
    EXPECT_TRUE(at::equal(bias, at::zeros_like(bias)));
  }
}

TEST(InitialValues, OfTwoLayersAndTwoRepeatsDiffer) {
  nn::Model model(vanilla_architecture(), {});
  model.initialise(7, 0);
  const Hash128 first = model.weights_hash();
  const at::Tensor of_layer_0 = parameters_of(model, "linear", "weight")[0];
  for (const nn::NamedTensor& parameter : model.parameters()) {
    if (parameter.name.rfind("layers.1.", 0) == 0 &&
        parameter.tensor.sizes() == of_layer_0.sizes()) {
      EXPECT_FALSE(at::equal(parameter.tensor, of_layer_0));
    }
  }
  model.initialise(7, 1);
  EXPECT_NE(model.weights_hash(), first);
  model.initialise(7, 0);
  EXPECT_EQ(model.weights_hash(), first);
}

}  // namespace
}  // namespace nas::test
