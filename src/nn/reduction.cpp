#include "nn/reduction.hpp"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/stack.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <vector>

#include "nn/running.hpp"

namespace nas::nn {

namespace {

using space::ReduceOp;

/// Product along the last axis.
class Product : public torch::autograd::Function<Product> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x) {
    context->save_for_backward({x});
    return x.prod(-1);
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const at::Tensor x = context->get_saved_variables()[0];
    return {products_of_others(x).mul(grads[0].unsqueeze(-1))};
  }
};

}  // namespace

at::Tensor reduced(const at::Tensor& x, ReduceOp op, std::int64_t axis, bool keepdim) {
  switch (op) {
    case ReduceOp::kMean:
      return x.mean(axis, keepdim);
    case ReduceOp::kSum:
      return x.sum(axis, keepdim);
    case ReduceOp::kMin:
      return x.amin(axis, keepdim);
    case ReduceOp::kMax:
      return x.amax(axis, keepdim);
    case ReduceOp::kProd:
      break;
  }
  const at::Tensor product = Product::apply(x.movedim(axis, -1));
  return keepdim ? product.unsqueeze(axis) : product;
}

at::Tensor windows(const at::Tensor& x, std::int64_t width, double fill) {
  std::vector<at::Tensor> rows;
  for (std::int64_t j = 0; j < width; ++j) {
    // Negative padding cuts; the two last axes are given last first.
    const std::int64_t steps = std::min(j, x.size(-2));
    rows.push_back(at::constant_pad_nd(x, {0, 0, steps, -steps}, fill));
  }
  return at::stack(rows);
}

}  // namespace nas::nn
