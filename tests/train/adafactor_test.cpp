#include <ATen/Functions.h>
#include <ATen/TensorOperators.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "nas/core/philox.hpp"
#include "train/optimizer.hpp"

namespace nas::train {
namespace {

at::Tensor normal_tensor(at::IntArrayRef sizes, std::uint32_t step, double scale = 1.0) {
  at::Tensor tensor = at::empty(sizes, at::kFloat);
  DrawCursor cursor({2027, Purpose::kTest, 1, step});
  float* out = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    out[i] = static_cast<float>(scale * cursor.normal());
  }
  return tensor;
}

config::OptimizerConfig small_options() {
  config::OptimizerConfig options;
  options.name = "adafactor";
  options.min_dim_size_to_factor = 2;
  return options;
}

std::unique_ptr<Optimizer> adafactor(const config::OptimizerConfig& options,
                                     const std::vector<nn::TrainedTensor>& parameters) {
  return builtin_optimizers().at("adafactor").make(options, parameters);
}

void step(Optimizer& optimizer, const at::Tensor& weight, const at::Tensor& gradient,
          double learning_rate) {
  weight.mutable_grad() = gradient;
  optimizer.step(optimizer.gradient_norm(), at::scalar_tensor(learning_rate, at::kDouble));
}

/// The sizes of the state of one parameter, by name.
std::map<std::string, std::vector<std::int64_t>> state_sizes(const config::OptimizerConfig& options,
                                                             at::IntArrayRef sizes) {
  const at::Tensor weight = at::ones(sizes).requires_grad_(true);
  std::map<std::string, std::vector<std::int64_t>> found;
  for (const nn::NamedTensor& part : adafactor(options, {{"w", weight}})->state()) {
    found[part.name] = part.tensor.sizes().vec();
  }
  return found;
}

using Sizes = std::map<std::string, std::vector<std::int64_t>>;

TEST(Adafactor, KeepsARowAndAColumnOfAMatrix) {
  config::OptimizerConfig options = small_options();
  EXPECT_EQ(state_sizes(options, {300, 20}), (Sizes{{"v_row.w", {300}}, {"v_column.w", {20}}}));
  EXPECT_EQ(state_sizes(options, {20, 300}), (Sizes{{"v_row.w", {300}}, {"v_column.w", {20}}}));
  // Of more axes the two largest are factored.
  EXPECT_EQ(state_sizes(options, {30, 3, 20}),
            (Sizes{{"v_row.w", {30, 3}}, {"v_column.w", {3, 20}}}));
  EXPECT_EQ(state_sizes(options, {64}), (Sizes{{"v.w", {64}}}));
  EXPECT_EQ(state_sizes(options, {64, 1}), (Sizes{{"v.w", {64, 1}}}));
  EXPECT_EQ(state_sizes(options, {}), (Sizes{{"v.w", {}}}));
  options.momentum = 0.9;
  EXPECT_EQ(state_sizes(options, {4, 5}),
            (Sizes{{"v_row.w", {5}}, {"v_column.w", {4}}, {"momentum.w", {4, 5}}}));
  options = small_options();
  options.min_dim_size_to_factor = 128;
  EXPECT_EQ(state_sizes(options, {300, 127}), (Sizes{{"v.w", {300, 127}}}));
  EXPECT_EQ(state_sizes(options, {300, 128}), (Sizes{{"v_row.w", {300}}, {"v_column.w", {128}}}));
}

TEST(Adafactor, ARankOneGradientIsDividedByItsOwnSize) {
  // (r c^T)^2 is its factors' product exactly, so the first step's update is the sign.
  config::OptimizerConfig options = small_options();
  options.multiply_by_parameter_scale = false;
  const at::Tensor weight = at::zeros({5, 7}).requires_grad_(true);
  const at::Tensor gradient = at::outer(normal_tensor({5}, 1), normal_tensor({7}, 2));
  const auto optimizer = adafactor(options, {{"w", weight}});
  step(*optimizer, weight, gradient, 0.25);
  EXPECT_TRUE(at::allclose(weight.detach(), -0.25 * gradient.sign(), 1e-5, 0));
  EXPECT_FALSE(weight.grad().defined());
}

TEST(Adafactor, UpdatesAreClippedByTheirRootMeanSquare) {
  config::OptimizerConfig options = small_options();
  options.multiply_by_parameter_scale = false;
  options.clip_threshold = 0.5;
  const at::Tensor weight = at::zeros({40}).requires_grad_(true);
  const auto optimizer = adafactor(options, {{"w", weight}});
  at::Tensor before = weight.detach().clone();
  for (std::uint32_t t = 1; t <= 20; ++t) {
    // Growing gradients would be updates far above 1.
    step(*optimizer, weight, normal_tensor({40}, t, std::pow(3.0, t)), 1.0);
    const double size = (weight.detach() - before).square().mean().sqrt().item<double>();
    EXPECT_NEAR(size, 0.5, 1e-5) << t;
    before = weight.detach().clone();
  }
}

TEST(Adafactor, StepsAreRelativeToTheParameter) {
  const config::OptimizerConfig options = small_options();
  for (const double scale : {4.0, 1e-5}) {
    const at::Tensor start = normal_tensor({40}, 0);
    const at::Tensor weight = (start * (scale / start.square().mean().sqrt())).requires_grad_(true);
    const at::Tensor before = weight.detach().clone();
    step(*adafactor(options, {{"w", weight}}), weight, normal_tensor({40}, 1), 0.01);
    const double moved = (weight.detach() - before).square().mean().sqrt().item<double>();
    // The first update is the sign, of size 1; tiny parameters move as if they were epsilon2.
    const double size = std::max(scale, options.epsilon2);
    EXPECT_NEAR(moved, 0.01 * size, 1e-4 * size) << scale;
  }
}

TEST(Adafactor, AMissingOrZeroGradientMovesNothing) {
  const at::Tensor weight = normal_tensor({6, 8}, 0).requires_grad_(true);
  const at::Tensor before = weight.detach().clone();
  const auto optimizer = adafactor(small_options(), {{"w", weight}});
  EXPECT_EQ(optimizer->gradient_norm().item<double>(), 0);
  optimizer->step(optimizer->gradient_norm(), at::scalar_tensor(1.0, at::kDouble));
  EXPECT_TRUE(at::equal(weight.detach(), before));
  step(*optimizer, weight, normal_tensor({6, 8}, 1), 1e-3);
  EXPECT_FALSE(at::equal(weight.detach(), before));
}

TEST(Adafactor, ContinuesFromItsStateBitForBit) {
  config::OptimizerConfig options = small_options();
  options.momentum = 0.5;
  const auto run = [&](Optimizer& optimizer, const at::Tensor& weight, std::uint32_t from,
                       std::uint32_t to) {
    for (std::uint32_t t = from; t < to; ++t) {
      step(optimizer, weight, normal_tensor({7, 9}, 100 + t), 0.01);
    }
  };
  const at::Tensor whole = normal_tensor({7, 9}, 0).requires_grad_(true);
  run(*adafactor(options, {{"w", whole}}), whole, 0, 10);

  const at::Tensor first = normal_tensor({7, 9}, 0).requires_grad_(true);
  const auto before = adafactor(options, {{"w", first}});
  run(*before, first, 0, 4);
  const at::Tensor second = first.detach().clone().requires_grad_(true);
  const auto after = adafactor(options, {{"w", second}});
  const std::vector<nn::NamedTensor> from = before->state();
  const std::vector<nn::NamedTensor> to = after->state();
  ASSERT_EQ(to.size(), 3U);
  for (std::size_t i = 0; i < to.size(); ++i) to[i].tensor.copy_(from[i].tensor);
  after->resume_at(before->steps_done());
  EXPECT_EQ(after->steps_done(), 4);
  run(*after, second, 4, 10);
  EXPECT_TRUE(at::equal(second, whole));
}

}  // namespace
}  // namespace nas::train
