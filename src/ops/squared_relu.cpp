#include "nas/ops/squared_relu.hpp"

#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/launch.hpp"
#include "ops/squared_relu_kernel.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

class SquaredRelu : public torch::autograd::Function<SquaredRelu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x) {
    const at::Tensor dense = x.contiguous();
    context->save_for_backward({dense});
    at::Tensor y = at::empty_like(dense);
    launch_kernel(x.device(), [&](CUstream_st* stream) {
      return launch_squared_relu(dense.const_data_ptr(), y.mutable_data_ptr(), y.numel(),
                                 is_bfloat16(x), stream);
    });
    return y;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const at::Tensor x = context->get_saved_variables()[0];
    const at::Tensor y_gradient = gradients[0].contiguous();
    const at::Tensor x_gradient = at::empty_like(x);
    launch_kernel(x.device(), [&](CUstream_st* stream) {
      return launch_squared_relu_backward(x.const_data_ptr(), y_gradient.const_data_ptr(),
                                          x_gradient.mutable_data_ptr(), x.numel(), is_bfloat16(x),
                                          stream);
    });
    return {x_gradient};
  }
};

}  // namespace

at::Tensor squared_relu(const at::Tensor& x) {
  return has_kernel_for(x) ? SquaredRelu::apply(x) : squared_relu_plain(x);
}

at::Tensor squared_relu_plain(const at::Tensor& x) { return x.relu().square(); }

}  // namespace nas::ops
