#include "nas/ops/packed_linear.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

namespace nas::ops {
namespace {

/// Gradients of a weighed sum with respect to x and the weights, after its value.
std::vector<at::Tensor> value_and_gradients(const at::Tensor& y, const at::Tensor& weighing,
                                            const std::vector<at::Tensor>& leaves) {
  y.mul(weighing).sum().backward();
  std::vector<at::Tensor> all{y.detach()};
  for (const at::Tensor& leaf : leaves) {
    all.push_back(leaf.grad().clone());
    leaf.mutable_grad().reset();
  }
  return all;
}

void expect_close(const std::vector<at::Tensor>& found, const std::vector<at::Tensor>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    EXPECT_TRUE(at::allclose(found[i], expected[i], 1e-9, 1e-9)) << i;
  }
}

class PackedLinear : public testing::TestWithParam<bool> {
 protected:
  void SetUp() override {
    // Rows 0-1, 2-4 and 5 of one matrix, or matrices of their own.
    const at::Tensor all = at::rand({6, 4}, at::kDouble);
    for (const auto& [first, rows] : {std::pair{0, 2}, {2, 3}, {5, 1}}) {
      const at::Tensor part = all.narrow(0, first, rows);
      weights_.push_back((GetParam() ? part : part.clone()).detach().requires_grad_(true));
      leaves_.push_back(weights_.back());
    }
  }

  at::Tensor x_ = at::rand({2, 5, 4}, at::kDouble).requires_grad_(true);
  std::vector<at::Tensor> weights_;
  std::vector<at::Tensor> leaves_{x_};
  at::Tensor weighing_ = at::rand({2, 5, 6}, at::kDouble);
};

TEST_P(PackedLinear, IsTheLinearMapsBesideEachOther) {
  std::vector<at::Tensor> parts;
  parts.reserve(weights_.size());
  for (const at::Tensor& weight : weights_) parts.push_back(at::linear(x_, weight));
  const auto expected = value_and_gradients(at::cat(parts, -1), weighing_, leaves_);
  expect_close(value_and_gradients(packed_linear(x_, weights_), weighing_, leaves_), expected);
}

TEST_P(PackedLinear, SplitsIntoViews) {
  const at::Tensor packed = packed_linear(x_, weights_);
  const std::vector<at::Tensor> parts = split_last(packed, {2, 3, 1});
  for (const at::Tensor& part : parts) EXPECT_TRUE(part.is_alias_of(packed));
  const auto found = value_and_gradients(at::cat(parts, -1), weighing_, leaves_);
  expect_close(found, value_and_gradients(packed_linear(x_, weights_), weighing_, leaves_));
}

TEST_P(PackedLinear, APartThatNobodyReadsHasNoGradient) {
  const at::Tensor first = split_last(packed_linear(x_, weights_), {2, 3, 1})[0];
  const at::Tensor weighing = weighing_.narrow(2, 0, 2);
  const auto found = value_and_gradients(first, weighing, leaves_);
  EXPECT_TRUE(at::equal(found[3], at::zeros({3, 4}, at::kDouble)));
  leaves_.resize(2);
  const auto expected = value_and_gradients(at::linear(x_, weights_[0]), weighing, leaves_);
  expect_close({found[0], found[1], found[2]}, expected);
}

INSTANTIATE_TEST_SUITE_P(Weights, PackedLinear, testing::Bool(),
                         [](const auto& of) { return of.param ? "InOnePiece" : "Apart"; });

}  // namespace
}  // namespace nas::ops
