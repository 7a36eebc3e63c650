#include "nn/primitives/common.hpp"

#include <torch/csrc/autograd/custom_function.h>

namespace nas::nn {

namespace {

class FiniteRows : public torch::autograd::Function<FiniteRows> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* /*context*/, const at::Tensor& rows) {
    return rows.nan_to_num();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 const torch::autograd::variable_list& grads) {
    return {grads[0]};
  }
};

}  // namespace

at::Tensor finite_rows(const at::Tensor& rows, bool is_causal) {
  return is_causal ? FiniteRows::apply(rows) : rows;
}

at::Tensor broadcast_vector(const ForwardContext& context) {
  at::Tensor vector = cast(context.parameters[0], context.inputs[0]);
  const space::Shape& shape = context.node.output;
  if (is_branched(shape)) return vector.unsqueeze(1);
  if (is_scores(shape)) return vector.view({vector.size(0), 1, 1});
  return vector;
}

}  // namespace nas::nn
