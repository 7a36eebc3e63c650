#pragma once

#include <ATen/Functions.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <vector>

#include "nas/core/philox.hpp"

// What tests of kernels against plain operations in double precision share.
namespace nas::ops {

using Tensors = std::vector<at::Tensor>;
using Operation = std::function<Tensors(const Tensors&)>;

/// Random numbers, and sizes that are odd, one, or of whole vectors.
class Draws {
 public:
  explicit Draws(std::uint32_t step) : cursor_({2026, Purpose::kTest, 55, step}) {}

  at::Tensor normal(at::IntArrayRef sizes, double scale = 1) {
    at::Tensor tensor = at::empty(sizes, at::kDouble);
    auto* const values = tensor.mutable_data_ptr<double>();
    for (std::int64_t i = 0; i < tensor.numel(); ++i) values[i] = scale * cursor_.normal();
    return tensor;
  }
  std::int64_t among(std::initializer_list<std::int64_t> values) {
    return values.begin()[cursor_.below(static_cast<std::uint32_t>(values.size()))];
  }
  bool coin() { return cursor_.below(2) == 1; }
  at::Tensor below(std::int64_t count, std::int64_t limit) {
    at::Tensor tensor = at::empty({count}, at::kLong);
    for (std::int64_t i = 0; i < count; ++i) {
      tensor[i] = static_cast<std::int64_t>(cursor_.below(static_cast<std::uint32_t>(limit)));
    }
    return tensor;
  }

 private:
  DrawCursor cursor_;
};

/// Results and gradients of the sum of results weighed by fixed numbers.
inline Tensors with_gradients(const Operation& operation, const Tensors& inputs,
                              const Tensors& weighing) {
  Tensors leaves;
  leaves.reserve(inputs.size());
  for (const at::Tensor& input : inputs) {
    leaves.push_back(input.detach().clone().requires_grad_(true));
  }
  Tensors all = operation(leaves);
  at::Tensor sum;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const at::Tensor part = all[i].to(at::kDouble).mul(weighing[i].to(all[i].device())).sum();
    sum = sum.defined() ? sum.add(part) : part;
  }
  sum.backward();
  for (at::Tensor& result : all) result = result.detach();
  for (const at::Tensor& leaf : leaves) {
    all.push_back(leaf.grad().defined() ? leaf.grad() : at::zeros_like(leaf));
  }
  return all;
}

/// The largest difference over the largest value, or over 1 for small values.
inline double difference(const at::Tensor& found, const at::Tensor& expected) {
  EXPECT_EQ(found.sizes(), expected.sizes());
  if (expected.numel() == 0) return 0;
  const at::Tensor wide = found.cpu().to(at::kDouble);
  const double scale = std::max(1.0, expected.abs().max().item<double>());
  return wide.sub(expected).abs().max().item<double>() / scale;
}

}  // namespace nas::ops
