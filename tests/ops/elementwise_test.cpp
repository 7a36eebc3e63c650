#include "nas/ops/elementwise.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <map>

#include "nas/core/error.hpp"

namespace nas::ops {
namespace {

using Op = ElementwiseOp;

constexpr double kConstant = 0.25;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

ElementwiseChain lone(Op op, double constant = kConstant) {
  const std::size_t inputs = is_binary(op) ? 2 : 1;
  return {inputs, {{{op, constant}, 0, static_cast<std::uint8_t>(inputs - 1)}}};
}

struct ValueAndGradients {
  double value;
  double a;  ///< gradient of the first input
  double b;  ///< of the second; 0 without one
};

/// Of single numbers in double precision.
ValueAndGradients computed(const ElementwiseChain& chain, double a, double b) {
  const auto leaf = [](double x) {
    return at::full({1}, x, at::TensorOptions(at::kDouble)).requires_grad_(true);
  };
  const std::vector<at::Tensor> two{leaf(a), leaf(b)};
  const std::vector<at::Tensor> inputs(
      two.begin(), two.begin() + static_cast<std::ptrdiff_t>(chain.input_count));
  const at::Tensor y = elementwise(chain, inputs);
  y.backward();
  const auto gradient = [](const at::Tensor& x) {
    return x.grad().defined() ? x.grad().item<double>() : 0.0;
  };
  return {y.item<double>(), gradient(two[0]), gradient(two[1])};
}

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

/// Each function in double precision, without what LibTorch does; c is kConstant.
const std::map<Op, std::function<double(double, double)>> kFormulas{
    {Op::kAbs, [](double a, double) { return std::abs(a); }},
    {Op::kAbsRoot, [](double a, double) { return std::sqrt(std::abs(a) + kConstant); }},
    {Op::kAdd, [](double a, double b) { return a + b; }},
    {Op::kCos, [](double a, double) { return std::cos(a); }},
    {Op::kDivide, [](double a, double b) { return std::abs(b) < kConstant ? 0 : a / b; }},
    {Op::kExp, [](double a, double) { return std::exp(a); }},
    {Op::kGeluErf, [](double a, double) { return a * 0.5 * std::erfc(-a / std::sqrt(2.0)); }},
    {Op::kGeluTanh,
     [](double a, double) {
       return 0.5 * a * (1 + std::tanh(std::sqrt(2 / M_PI) * (a + 0.044715 * a * a * a)));
     }},
    {Op::kLogAbs, [](double a, double) { return std::log(std::abs(a) + kConstant); }},
    {Op::kMaximum, [](double a, double b) { return std::max(a, b); }},
    {Op::kMinimum, [](double a, double b) { return std::min(a, b); }},
    {Op::kMultiply, [](double a, double b) { return a * b; }},
    {Op::kNegate, [](double a, double) { return -a; }},
    {Op::kRecip, [](double a, double) { return std::abs(a) < kConstant ? 0 : 1 / a; }},
    {Op::kRelu, [](double a, double) { return a > 0 ? a : 0; }},
    {Op::kScale, [](double a, double) { return kConstant * a; }},
    {Op::kShift, [](double a, double) { return a + kConstant; }},
    {Op::kSigmoid, [](double a, double) { return sigmoid(a); }},
    {Op::kSign, [](double a, double) { return a > 0 ? 1.0 : -1.0; }},
    {Op::kSilu, [](double a, double) { return a * sigmoid(a); }},
    {Op::kSin, [](double a, double) { return std::sin(a); }},
    {Op::kSquare, [](double a, double) { return a * a; }},
    {Op::kSubtract, [](double a, double b) { return a - b; }},
    {Op::kTanh, [](double a, double) { return std::tanh(a); }},
};

TEST(Elementwise, ComputesFormulasAndTheirSlopes) {
  constexpr double kStep = 1e-5;       // of central differences
  constexpr double kTolerance = 1e-8;  // third derivatives of order 10 times the step squared
  ASSERT_EQ(kFormulas.size(), kElementwiseOps);
  for (const auto& [op, formula] : kFormulas) {
    for (const double a : {-2.3, -1.1, -0.4, -0.1, 0.1, 0.6, 1.9}) {
      for (const double b : {-1.7, -0.5, -0.2, 0.2, 0.7, 2.1}) {
        const ValueAndGradients found = computed(lone(op), a, b);
        const std::string where = "function " + std::to_string(static_cast<int>(op)) + " of " +
                                  std::to_string(a) + " and " + std::to_string(b);
        EXPECT_NEAR(found.value, formula(a, b), 1e-12) << where;
        const auto slope = [&](double of_a, double of_b) {
          return (formula(a + of_a, b + of_b) - formula(a - of_a, b - of_b)) / (2 * kStep);
        };
        EXPECT_NEAR(found.a, slope(kStep, 0), kTolerance) << where;
        EXPECT_NEAR(found.b, slope(0, kStep), kTolerance) << where;
      }
    }
  }
}

struct Corner {
  Op op;
  double a;
  double b;
  ValueAndGradients expected;
};

bool are_same(double x, double y) { return x == y || (std::isnan(x) && std::isnan(y)); }

TEST(Elementwise, HasLibTorchsGradientsWhereAFunctionHasACorner) {
  for (const Corner& corner : std::vector<Corner>{
           {Op::kAbs, 0, 0, {0, 0, 0}},
           {Op::kAbsRoot, 0, 0, {0.5, 0, 0}},
           {Op::kLogAbs, 0, 0, {std::log(kConstant), 0, 0}},
           {Op::kRelu, 0, 0, {0, 0, 0}},
           {Op::kRelu, kNan, 0, {kNan, 1, 0}},
           {Op::kSign, 0, 0, {0, 0, 0}},
           {Op::kSign, 3, 0, {1, 0, 0}},
           {Op::kMaximum, 2, 2, {2, 0.5, 0.5}},
           {Op::kMinimum, 2, 2, {2, 0.5, 0.5}},
           {Op::kMaximum, kNan, 2, {kNan, 1, 1}},
           {Op::kMaximum, 2, kNan, {kNan, 1, 1}},
           {Op::kMinimum, kNan, 2, {kNan, 1, 1}},
           {Op::kMinimum, 2, kNan, {kNan, 1, 1}},
           {Op::kDivide, 3, 0, {0, 0, 0}},
           {Op::kDivide, kInfinity, 0.2, {0, 0, 0}},
           {Op::kDivide, 3, kConstant, {12, 4, -48}},
           {Op::kRecip, 0, 0, {0, 0, 0}},
           {Op::kRecip, -0.2, 0, {0, 0, 0}},
           {Op::kRecip, -kConstant, 0, {-4, -16, 0}},
       }) {
    const ValueAndGradients found = computed(lone(corner.op), corner.a, corner.b);
    EXPECT_TRUE(are_same(found.value, corner.expected.value) &&
                are_same(found.a, corner.expected.a) && are_same(found.b, corner.expected.b))
        << "function " << static_cast<int>(corner.op) << " of " << corner.a << " and " << corner.b
        << ": " << found.value << ", gradients " << found.a << " and " << found.b;
  }
}

TEST(Elementwise, StepsReadAnyValueBefore) {
  // v2 = sigmoid(a), v3 = a v2, v4 = v3 - b, v5 = v4 v3.
  const ElementwiseChain chain{2,
                               {{{Op::kSigmoid, 0}, 0, 0},
                                {{Op::kMultiply, 0}, 0, 2},
                                {{Op::kSubtract, 0}, 3, 1},
                                {{Op::kMultiply, 0}, 4, 3}}};
  const at::Tensor a = at::linspace(-3, 3, 12, at::kDouble).view({3, 4}).requires_grad_(true);
  const at::Tensor b = at::linspace(1, 2, 12, at::kDouble).view({3, 4}).requires_grad_(true);
  const at::Tensor y = elementwise(chain, {a, b});
  y.sum().backward();
  const at::Tensor s = at::silu(a).detach();
  EXPECT_TRUE(at::allclose(y, (s - b) * s, 0, 1e-12));
  const at::Tensor g = a.sigmoid().detach();
  const at::Tensor slope = g * (1 + a.detach() * (1 - g));
  EXPECT_TRUE(at::allclose(a.grad(), (2 * s - b) * slope, 0, 1e-12));
  EXPECT_TRUE(at::allclose(b.grad(), -s, 0, 1e-12));
}

TEST(Elementwise, RefusesChainsBeyondItsLimits) {
  const at::Tensor x = at::ones({2});
  const ElementwiseStep square{{Op::kSquare, 0}, 0, 0};
  const std::vector<ElementwiseStep> many(kMostChainSteps + 1, square);
  const std::vector<at::Tensor> inputs(kMostChainInputs + 1, x);
  EXPECT_THROW(static_cast<void>(elementwise({1, {}}, {x})), Error);
  EXPECT_THROW(static_cast<void>(elementwise({1, many}, {x})), Error);
  EXPECT_THROW(static_cast<void>(elementwise({kMostChainInputs + 1, {square}}, inputs)), Error);
  EXPECT_THROW(static_cast<void>(elementwise({1, {{{Op::kSquare, 0}, 1, 0}}}, {x})), Error);
  EXPECT_THROW(static_cast<void>(elementwise({2, {square}}, {x})), Error);
  EXPECT_THROW(static_cast<void>(elementwise(lone(Op::kAdd), {x, at::ones({1})})), Error);
}

}  // namespace
}  // namespace nas::ops
