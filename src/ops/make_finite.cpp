#include "nas/ops/make_finite.hpp"

#include <ATen/ops/nan_to_num.h>
#include <torch/csrc/autograd/custom_function.h>

namespace nas::ops {

namespace {

class MakeFinite : public torch::autograd::Function<MakeFinite> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* /*context*/, const at::Tensor& x) {
    return x.nan_to_num();
  }
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* /*context*/,
                                                 const torch::autograd::variable_list& gradients) {
    return {gradients[0]};
  }
};

}  // namespace

at::Tensor make_finite(const at::Tensor& x) { return MakeFinite::apply(x); }

}  // namespace nas::ops
