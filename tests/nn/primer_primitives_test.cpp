#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <numeric>

#include "nn/applied_primitive.hpp"
#include "nn/running.hpp"

namespace nas::test {
namespace {

using space::kHeadsShape;
using space::kInnerShape;
using space::kModelShape;
using space::kScoresShape;

constexpr double kTolerance = 1e-5;  // sums and products of at most 20 float32 values of order 1
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// Fields op of reduce and reduce_time, and what they mean.
using Values = std::vector<double>;
double mean(const Values& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}
double sum(const Values& x) { return std::accumulate(x.begin(), x.end(), 0.0); }
double least(const Values& x) { return *std::min_element(x.begin(), x.end()); }
double greatest(const Values& x) { return *std::max_element(x.begin(), x.end()); }
double product(const Values& x) {
  return std::accumulate(x.begin(), x.end(), 1.0, std::multiplies<>());
}
constexpr std::array kOperations = {mean, sum, least, greatest, product};

/// Of sums and products of at most 7 float32 values.
double tolerance(double expected) { return kTolerance * std::max(1.0, std::abs(expected)); }

// Zeros, and what is nearest to them from both sides.
const std::vector<float> kAroundZero = {0.0F,   -0.0F,   1e-45F, -1e-45F,
                                        1e-30F, -1e-30F, 1e-7F,  -1e-7F};

TEST(NearZero, ValuesAndGradientsAreFinite) {
  for (const char* name : {"abs_root", "log_abs", "recip", "divide", "sign", "abs"}) {
    for (const float value : kAroundZero) {
      const std::size_t arity = std::string(name) == "divide" ? 2 : 1;
      AppliedPrimitive applied =
          apply_primitive(name, std::vector<space::Shape>(arity, kModelShape));
      at::Tensor& x = applied.inputs.back();
      x = at::full_like(x, value).requires_grad_(true);
      const at::Tensor y = applied.forward(true);
      EXPECT_TRUE(y.isfinite().all().item<bool>()) << name << " of " << value;
      y.sum().backward();
      EXPECT_TRUE(x.grad().isfinite().all().item<bool>()) << name << " of " << value;
    }
  }
}

TEST(NearZero, ValuesAreTheOnesThatTheFormulasName) {
  const auto at_value = [](const char* name, float value) {
    AppliedPrimitive applied = apply_primitive(name, {kModelShape});
    applied.inputs[0].fill_(value);
    return applied.forward(true)[0][0][0].item<float>();
  };
  for (const float value : kAroundZero) EXPECT_EQ(at_value("recip", value), 0) << value;
  EXPECT_NEAR(at_value("recip", 1.1e-6F), 1 / 1.1e-6, 1);
  EXPECT_NEAR(at_value("abs_root", 0), 1e-3, 1e-9);
  EXPECT_NEAR(at_value("log_abs", 0), std::log(1e-6), 1e-5);
  EXPECT_EQ(at_value("sign", 0), 0);
  EXPECT_EQ(at_value("sign", -1e-45F), -1);
}

TEST(NearZero, AQuotientByZeroGivesNoGradientEvenOfAnInfiniteNumerator) {
  AppliedPrimitive applied = apply_primitive("divide", {kModelShape, kModelShape});
  applied.inputs[0] = at::full_like(applied.inputs[0], kInfinity).requires_grad_(true);
  applied.inputs[1] = at::zeros_like(applied.inputs[1]).requires_grad_(true);
  const at::Tensor y = applied.forward(true);
  EXPECT_EQ(y.abs().max().item<float>(), 0);
  y.sum().backward();
  for (const at::Tensor& input : applied.inputs) {
    EXPECT_EQ(input.grad().abs().max().item<float>(), 0);
  }
}

TEST(CausalConv, IsTheLoopOverTokensChannelsAndTaps) {
  const space::Dims dims = odd_dims();
  for (const double width : {1.0, 3.0, 7.0, 31.0}) {
    const AppliedPrimitive applied =
        apply_primitive("causal_conv", {kModelShape}, {{"out", 1}, {"width", width}});
    const at::Tensor result = applied.forward(true);
    const auto y = result.accessor<float, 3>();
    const auto x = applied.inputs[0].accessor<float, 3>();
    const auto w = applied.parameters[0].accessor<float, 3>();
    ASSERT_EQ(applied.parameters[0].sizes(),
              (std::vector<std::int64_t>{dims.inner_dim, dims.model_dim,
                                         static_cast<std::int64_t>(width)}));
    for (std::int64_t out = 0; out < dims.inner_dim; ++out) {
      for (std::int64_t t = 0; t < dims.seq; ++t) {
        double total = 0;
        for (std::int64_t j = 0; j < static_cast<std::int64_t>(width) && j <= t; ++j) {
          for (std::int64_t in = 0; in < dims.model_dim; ++in) {
            total += static_cast<double>(w[out][in][j]) * x[1][t - j][in];
          }
        }
        ASSERT_NEAR(y[1][t][out], total, 10 * kTolerance) << "width " << width;  // 84 terms
      }
    }
  }
}

TEST(Cumulative, SumsAndProductsRunOverTheTokensSoFar) {
  const at::Tensor x = apply_primitive("cumulative_sum", {kHeadsShape}).inputs[0];
  const at::Tensor sums = apply_primitive("cumulative_sum", {kHeadsShape}).forward(true);
  const at::Tensor products = apply_primitive("cumulative_product", {kHeadsShape}).forward(true);
  for (std::int64_t t = 0; t < 7; ++t) {
    const at::Tensor seen = x.narrow(2, 0, t + 1);
    EXPECT_TRUE(at::allclose(sums.select(2, t), seen.sum(2), kTolerance, kTolerance));
    EXPECT_TRUE(at::allclose(products.select(2, t), seen.prod(2), kTolerance, kTolerance));
  }
}

// d y[t] / d x[s] is the product of the other rows up to t: finite and exact where some are zero.
TEST(Cumulative, GradientsOfProductsWithZeros) {
  for (const std::vector<float>& values : std::vector<std::vector<float>>{
           {2, 0, 3, 0, 5}, {0, 0, 0, 0, 0}, {1, 2, 3, 4, 0}, {0, 2, 3, 4, 5}, {1, -2, 3, -4, 5}}) {
    const at::Tensor x = at::tensor(values).view({1, 5, 1}).requires_grad_(true);
    const std::vector<float> weights = {1, -1, 2, 3, 0.5F};
    (nn::running_products(x) * at::tensor(weights).view({1, 5, 1})).sum().backward();
    for (std::size_t s = 0; s < 5; ++s) {
      double expected = 0;
      for (std::size_t t = s; t < 5; ++t) {
        double others = weights[t];
        for (std::size_t r = 0; r <= t; ++r) others *= r == s ? 1 : values[r];
        expected += others;
      }
      EXPECT_EQ(x.grad()[0][static_cast<std::int64_t>(s)][0].item<float>(), expected) << s;
    }
  }
}

TEST(Reduce, IsOverTheLastAxisAndWrittenToAllOfIt) {
  for (std::size_t op = 0; op < kOperations.size(); ++op) {
    const AppliedPrimitive applied =
        apply_primitive("reduce", {kHeadsShape}, {{"op", static_cast<double>(op)}});
    const at::Tensor result = applied.forward(true);
    const auto y = result.accessor<float, 4>();
    const auto x = applied.inputs[0].accessor<float, 4>();
    for (std::int64_t t = 0; t < 7; ++t) {
      const Values row(&x[1][2][t][0], &x[1][2][t][0] + 16);
      for (std::int64_t i = 0; i < 16; ++i) {
        const double expected = kOperations[op](row);
        ASSERT_NEAR(y[1][2][t][i], expected, tolerance(expected)) << "op " << op;
      }
    }
  }
}

TEST(Reduce, OfScoresIsOverTheKeysThatAQueryMaySee) {
  for (std::size_t op = 0; op < kOperations.size(); ++op) {
    for (const bool is_causal : {true, false}) {
      const AppliedPrimitive applied =
          apply_primitive("reduce", {kScoresShape}, {{"op", static_cast<double>(op)}});
      const at::Tensor result = applied.forward(is_causal);
      const auto y = result.accessor<float, 4>();
      const auto x = applied.inputs[0].accessor<float, 4>();
      for (std::int64_t t = 0; t < 7; ++t) {
        const float* const row = &x[1][2][t][0];
        const double expected = kOperations[op](Values(row, row + (is_causal ? t + 1 : 7)));
        for (std::int64_t s = 0; s < 7; ++s) {
          ASSERT_NEAR(y[1][2][t][s], expected, tolerance(expected))
              << "op " << op << " query " << t;
        }
      }
    }
  }
}

TEST(Reduce, NothingBadOfALaterKeyReachesAnEarlierQuery) {
  const at::Tensor later = at::ones({7, 7}, at::kBool).triu(1);
  for (std::size_t op = 0; op < kOperations.size(); ++op) {
    AppliedPrimitive applied =
        apply_primitive("reduce", {kScoresShape}, {{"op", static_cast<double>(op)}});
    const at::Tensor before = applied.forward(true);
    for (const float bad : {kInfinity, -kInfinity, kNan}) {
      applied.inputs[0].masked_fill_(later, bad);
      EXPECT_TRUE(at::equal(applied.forward(true), before)) << "op " << op << " " << bad;
    }
  }
}

TEST(Reduce, GradientOfAProductIsTheProductOfTheOthers) {
  AppliedPrimitive applied = apply_primitive("reduce", {kModelShape}, {{"op", 4}});
  at::Tensor& x = applied.inputs[0];
  x = at::ones_like(x).mul(1.1);
  x[0][1][4].fill_(0);  // one zero: only it has a gradient
  x[0][2][4].fill_(0);  // two: none has
  x[0][2][7].fill_(0);
  x.requires_grad_(true);
  applied.forward(true).narrow(-1, 0, 1).sum().backward();
  const at::Tensor grad = x.grad();
  EXPECT_NEAR(grad[0][0][3].item<float>(), std::pow(1.1, 47), 1e-3);
  EXPECT_NEAR(grad[0][1][4].item<float>(), std::pow(1.1, 47), 1e-3);
  EXPECT_EQ(grad[0][1].abs().sum().item<float>(), grad[0][1][4].item<float>());
  EXPECT_EQ(grad[0][2].abs().max().item<float>(), 0);
}

TEST(ReduceTime, IsOverTheLastTokensOfTheWindow) {
  for (std::size_t op = 0; op < kOperations.size(); ++op) {
    for (const std::int64_t window : {1, 3, 7, 20, 0}) {
      const AppliedPrimitive applied = apply_primitive(
          "reduce_time", {kInnerShape}, {{"op", static_cast<double>(op)}, {"window", window}});
      const at::Tensor result = applied.forward(window != 0);
      const auto y = result.accessor<float, 3>();
      const auto x = applied.inputs[0].accessor<float, 3>();
      for (std::int64_t t = 0; t < 7; ++t) {
        for (std::int64_t i = 0; i < 20; ++i) {
          const std::int64_t first = window == 0 ? 0 : std::max<std::int64_t>(0, t - window + 1);
          Values seen;
          for (std::int64_t s = first; s <= (window == 0 ? 6 : t); ++s) seen.push_back(x[1][s][i]);
          const double expected = kOperations[op](seen);
          ASSERT_NEAR(y[1][t][i], expected, tolerance(expected))
              << "op " << op << " window " << window << " token " << t;
        }
      }
    }
  }
}

TEST(Mask, KeepsTheBandAndSelectsTheRestAway) {
  for (const std::int64_t width : {0, 1, 3, 100}) {
    AppliedPrimitive applied = apply_primitive("mask", {kScoresShape}, {{"width", width}});
    const at::Tensor x = applied.inputs[0].clone();
    const at::Tensor times = at::arange(7);
    const at::Tensor distance = times.unsqueeze(1) - times;
    at::Tensor is_kept = distance.ge(0);
    if (width != 0) is_kept = is_kept.logical_and(distance.lt(width));
    for (const float bad : {kInfinity, kNan, 7.0F}) {
      applied.inputs[0] = x.masked_fill(is_kept.logical_not(), bad);
      EXPECT_TRUE(at::equal(applied.forward(true), x.masked_fill(is_kept.logical_not(), 0)))
          << "width " << width << " " << bad;
    }
  }
}

}  // namespace
}  // namespace nas::test
