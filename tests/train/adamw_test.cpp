#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nas/core/philox.hpp"
#include "train/optimizer.hpp"

namespace nas::train {
namespace {

/// One parameter in double precision, by the formulas of the paper.
struct Reference {
  std::vector<double> w, m, v;
  bool is_matrix = false;

  void step(const std::vector<double>& g, int t, double lr, const config::OptimizerConfig& o) {
    for (std::size_t i = 0; i < w.size(); ++i) {
      if (is_matrix) w[i] *= 1.0 - lr * o.weight_decay;
      m[i] = o.beta1 * m[i] + (1.0 - o.beta1) * g[i];
      v[i] = o.beta2 * v[i] + (1.0 - o.beta2) * g[i] * g[i];
      const double m_hat = m[i] / (1.0 - std::pow(o.beta1, t));
      const double v_hat = v[i] / (1.0 - std::pow(o.beta2, t));
      w[i] -= lr * m_hat / (std::sqrt(v_hat) + o.epsilon);
    }
  }
};

at::Tensor normal_tensor(at::IntArrayRef sizes, std::uint64_t subject, std::uint32_t step,
                         double scale) {
  at::Tensor tensor = at::empty(sizes, at::kFloat);
  DrawCursor cursor({2026, Purpose::kTest, subject, step});
  float* out = tensor.mutable_data_ptr<float>();
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    out[i] = static_cast<float>(scale * cursor.normal());
  }
  return tensor;
}

std::vector<double> values_of(const at::Tensor& tensor) {
  const at::Tensor wide = tensor.detach().to(at::kDouble).contiguous();
  const double* begin = wide.const_data_ptr<double>();
  return {begin, begin + wide.numel()};
}

std::unique_ptr<Optimizer> adamw(const config::OptimizerConfig& options,
                                 const std::vector<nn::TrainedTensor>& parameters) {
  return builtin_optimizers().at("adamw").make(options, parameters);
}

struct Case {
  double clip_norm;
  double weight_decay;
};

class AdamWAgainstFormula : public testing::TestWithParam<Case> {};

TEST_P(AdamWAgainstFormula, FollowsItForManySteps) {
  config::OptimizerConfig options;
  options.clip_norm = GetParam().clip_norm;
  options.weight_decay = GetParam().weight_decay;
  options.epsilon = 1e-6;
  std::vector<nn::TrainedTensor> parameters;
  std::vector<Reference> references;
  // Odd sizes reach the kernel's vector loop and its remainder.
  for (const std::vector<std::int64_t>& sizes :
       std::vector<std::vector<std::int64_t>>{{13, 37}, {129}, {1}, {5, 1}}) {
    at::Tensor weight = normal_tensor(sizes, parameters.size(), 0, 1.0);
    const std::vector<double> zeros(static_cast<std::size_t>(weight.numel()));
    references.push_back({values_of(weight), zeros, zeros, sizes.size() == 2});
    weight.requires_grad_(true);
    parameters.push_back({"p" + std::to_string(parameters.size()), weight});
  }
  const auto optimizer = adamw(options, parameters);
  for (int t = 1; t <= 50; ++t) {
    const double lr = 0.01 / t;
    double sum = 0;
    std::vector<std::vector<double>> gradients;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      const at::Tensor g = normal_tensor(parameters[i].tensor.sizes(), 100 + i,
                                         static_cast<std::uint32_t>(t), 0.1 * t);
      parameters[i].tensor.mutable_grad() = g;
      gradients.push_back(values_of(g));
      for (const double x : gradients.back()) sum += x * x;
    }
    const at::Tensor norm = optimizer->gradient_norm();
    EXPECT_NEAR(norm.item<double>(), std::sqrt(sum), 1e-6 * std::sqrt(sum));
    optimizer->step(norm, at::scalar_tensor(lr, at::kDouble));
    const double scale =
        options.clip_norm > 0 ? std::min(1.0, options.clip_norm / (std::sqrt(sum) + 1e-6)) : 1.0;
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      for (double& x : gradients[i]) x *= scale;
      references[i].step(gradients[i], t, lr, options);
      EXPECT_FALSE(parameters[i].tensor.grad().defined());
    }
  }
  EXPECT_EQ(optimizer->steps_done(), 50);
  constexpr double kFloatSteps = 2e-6;  // 50 roundings of values near 1
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<double> w = values_of(parameters[i].tensor);
    for (std::size_t j = 0; j < w.size(); ++j) EXPECT_NEAR(w[j], references[i].w[j], kFloatSteps);
  }
}

INSTANTIATE_TEST_SUITE_P(ClipAndDecay, AdamWAgainstFormula,
                         testing::Values(Case{0, 0}, Case{0, 0.1}, Case{1, 0.1}, Case{1e9, 0.5}));

TEST(AdamW, AMissingGradientCountsAsZero) {
  config::OptimizerConfig options;
  options.weight_decay = 0.5;
  at::Tensor weight = at::ones({2, 2});
  weight.requires_grad_(true);
  const auto optimizer = adamw(options, {{"w", weight}});
  const at::Tensor norm = optimizer->gradient_norm();
  EXPECT_EQ(norm.item<double>(), 0);
  optimizer->step(norm, at::scalar_tensor(0.1, at::kDouble));
  for (const double w : values_of(weight)) EXPECT_NEAR(w, 0.95, 1e-7);
}

TEST(AdamW, ContinuesFromItsState) {
  const config::OptimizerConfig options;
  const auto run = [&](Optimizer& optimizer, const at::Tensor& weight, std::uint32_t from,
                       std::uint32_t to) {
    for (std::uint32_t t = from; t < to; ++t) {
      weight.mutable_grad() = normal_tensor({7, 9}, 1, t, 1.0);
      optimizer.step(optimizer.gradient_norm(), at::scalar_tensor(0.01, at::kDouble));
    }
  };
  const at::Tensor whole = normal_tensor({7, 9}, 0, 0, 1.0).requires_grad_(true);
  const auto uninterrupted = adamw(options, {{"w", whole}});
  run(*uninterrupted, whole, 0, 10);

  const at::Tensor first = normal_tensor({7, 9}, 0, 0, 1.0).requires_grad_(true);
  const auto before = adamw(options, {{"w", first}});
  run(*before, first, 0, 4);
  const at::Tensor second = first.detach().clone().requires_grad_(true);
  const auto after = adamw(options, {{"w", second}});
  const std::vector<nn::NamedTensor> from = before->state();
  const std::vector<nn::NamedTensor> to = after->state();
  ASSERT_EQ(to.size(), 2U);
  EXPECT_EQ(to[0].name, "exp_avg.w");
  EXPECT_EQ(to[1].name, "exp_avg_sq.w");
  for (std::size_t i = 0; i < to.size(); ++i) to[i].tensor.copy_(from[i].tensor);
  after->resume_at(before->steps_done());
  run(*after, second, 4, 10);
  EXPECT_TRUE(at::equal(second, whole));
}

}  // namespace
}  // namespace nas::train
