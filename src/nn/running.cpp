#include "nn/running.hpp"

#include <ATen/ops/ones_like.h>
#include <torch/csrc/autograd/custom_function.h>

namespace nas::nn {

namespace {

constexpr std::int64_t kTime = -2;

/// The part of an axis that starts at `from`, `length` long.
struct Part {
  std::int64_t axis;
  std::int64_t length;
  [[nodiscard]] at::Tensor of(const at::Tensor& x, std::int64_t from) const {
    return x.narrow(axis, from, length);
  }
};

// Doubling: after the step of length k every row holds the sum of 2 k rows. Shifted additions
// alone, so the order of a sum is fixed; LibTorch refuses its CUDA cumsum in deterministic mode.
at::Tensor doubling_sums(const at::Tensor& x, bool from_end) {
  const std::int64_t seq = x.size(kTime);
  at::Tensor sums = x;
  for (std::int64_t k = 1; k < seq; k *= 2) {
    at::Tensor longer = sums.clone();
    const std::int64_t to = from_end ? 0 : k;
    const Part part{kTime, seq - k};
    part.of(longer, to).add_(part.of(sums, k - to));
    sums = longer;
  }
  return sums;
}

// Row t: the sum of rows <= t or, from the end, of rows >= t.
at::Tensor sums_along_time(const at::Tensor& x, bool from_end) {
  if (!x.is_cpu()) return doubling_sums(x, from_end);
  return from_end ? x.flip(kTime).cumsum(kTime).flip(kTime) : x.cumsum(kTime);
}

// As doubling_sums, along any axis.
at::Tensor doubling_products(const at::Tensor& x, std::int64_t axis, bool from_end) {
  const std::int64_t size = x.size(axis);
  at::Tensor products = x;
  for (std::int64_t k = 1; k < size; k *= 2) {
    at::Tensor longer = products.clone();
    const std::int64_t to = from_end ? 0 : k;
    const Part part{axis, size - k};
    part.of(longer, to).mul_(part.of(products, k - to));
    products = longer;
  }
  return products;
}

// x moved by one along an axis, with a 1 where nothing moves in.
at::Tensor moved_by_one(const at::Tensor& x, std::int64_t axis, bool to_end) {
  at::Tensor y = at::ones_like(x);
  const Part part{axis, x.size(axis) - 1};
  part.of(y, to_end ? 1 : 0).copy_(part.of(x, to_end ? 0 : 1));
  return y;
}

// y[t] = grad[t] + x[t + 1] y[t + 1], by doubling: after the step of length k, y[t] holds the terms
// of k tokens and factor[t] is x[t + 1] ... x[t + k].
at::Tensor weighted_sums_from_end(const at::Tensor& x, const at::Tensor& grad) {
  const std::int64_t seq = x.size(kTime);
  at::Tensor sums = grad;
  at::Tensor factors = moved_by_one(x, kTime, /*to_end=*/false);
  for (std::int64_t k = 1; k < seq; k *= 2) {
    const Part part{kTime, seq - k};
    at::Tensor longer = sums.clone();
    part.of(longer, 0).addcmul_(part.of(factors, 0), part.of(sums, k));
    at::Tensor longer_factors = factors.clone();
    part.of(longer_factors, 0).mul_(part.of(factors, k));
    sums = longer;
    factors = longer_factors;
  }
  return sums;
}

class RunningSums : public torch::autograd::Function<RunningSums> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* /*context*/, const at::Tensor& x) {
    return sums_along_time(x, /*from_end=*/false);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 const torch::autograd::variable_list& grads) {
    return {sums_along_time(grads[0], /*from_end=*/true)};
  }
};

// d y[t] / d x[s] is, for s <= t, the product of rows before s times that of rows s + 1 ... t.
class RunningProducts : public torch::autograd::Function<RunningProducts> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    context->save_for_backward({x});
    return doubling_products(x, kTime, /*from_end=*/false);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor before =
        moved_by_one(doubling_products(x, kTime, /*from_end=*/false), kTime, /*to_end=*/true);
    return {before.mul(weighted_sums_from_end(x, grads[0]))};
  }
};

}  // namespace

at::Tensor running_sums(const at::Tensor& x) { return RunningSums::apply(x); }

at::Tensor running_products(const at::Tensor& x) { return RunningProducts::apply(x); }

at::Tensor products_of_others(const at::Tensor& x) {
  const at::Tensor before =
      moved_by_one(doubling_products(x, -1, /*from_end=*/false), -1, /*to_end=*/true);
  const at::Tensor after =
      moved_by_one(doubling_products(x, -1, /*from_end=*/true), -1, /*to_end=*/false);
  return before.mul(after);
}

}  // namespace nas::nn
