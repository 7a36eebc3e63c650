#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <array>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

constexpr std::int64_t kTime = -2;

// weight [channels, width] -> [width, channels], or [width, heads, 1, head_dim] for
// x: [batch, heads, seq, head_dim].
at::Tensor taps_for(const at::Tensor& weight, const at::Tensor& x) {
  const std::int64_t width = weight.size(1);
  const at::Tensor taps = weight.t().to(x.scalar_type()).contiguous();
  return x.dim() == 4 ? taps.view({width, x.size(1), 1, x.size(3)}) : taps;
}

// Gradient of one tap: the product summed over batch and time, [channels].
at::Tensor tap_gradient(const at::Tensor& grad, const at::Tensor& x) {
  const at::Tensor product = grad.mul(x);
  const std::array<std::int64_t, 2> all_but_channels{0, x.dim() == 4 ? 2 : 1};
  return product.sum(all_but_channels, /*keepdim=*/false, at::kFloat).flatten();
}

// Shifted multiply-adds: faster than a grouped convolution for a few taps, and the memory layout
// of x is kept. By hand, because autograd of in-place slices copies the whole output for each tap.
class CausalConv : public torch::autograd::Function<CausalConv> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight) {
    context->save_for_backward({x, weight});
    const at::Tensor taps = taps_for(weight, x);
    at::Tensor y = x.mul(taps[0]);
    const std::int64_t seq = x.size(kTime);
    for (std::int64_t j = 1; j < std::min(taps.size(0), seq); ++j) {
      y.narrow(kTime, j, seq - j).addcmul_(x.narrow(kTime, 0, seq - j), taps[j]);
    }
    return y;
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor& grad = grads[0];
    const at::Tensor taps = taps_for(weight, x);
    at::Tensor x_grad = grad.mul(taps[0]);
    at::Tensor weight_grad = at::zeros_like(weight);
    weight_grad.select(1, 0).copy_(tap_gradient(grad, x));
    const std::int64_t seq = x.size(kTime);
    for (std::int64_t j = 1; j < std::min(taps.size(0), seq); ++j) {
      const at::Tensor later_grad = grad.narrow(kTime, j, seq - j);
      x_grad.narrow(kTime, 0, seq - j).addcmul_(later_grad, taps[j]);
      weight_grad.select(1, j).copy_(tap_gradient(later_grad, x.narrow(kTime, 0, seq - j)));
    }
    return {x_grad, weight_grad};
  }
};

at::Tensor forward(const ForwardContext& context) {
  return CausalConv::apply(context.inputs[0], context.parameters[0]);
}

// Source: So et al. 2021 (arXiv:2109.08668), official initialisation: the token itself 0.5, every
// earlier one 0.5 / width.
InitialValues initial(const space::NodeContext& context, std::size_t /*parameter*/) {
  const double width = context.node.fields[space::causal_depthwise_conv_field::kWidth];
  InitialValues values{0, std::vector<double>(static_cast<std::size_t>(width), 0.5 / width)};
  values.mean[0] = 0.5;
  return values;
}

}  // namespace

PrimitiveImpl causal_depthwise_conv_impl() { return {"causal_depthwise_conv", forward, initial}; }

}  // namespace nas::nn
