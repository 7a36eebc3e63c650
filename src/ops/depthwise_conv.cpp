#include "nas/ops/depthwise_conv.hpp"

#include <ATen/ops/constant_pad_nd.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "nas/core/error.hpp"
#include "nas/ops/make_finite.hpp"
#include "ops/depthwise_conv_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

static_assert(kMostConvParts == kMostKernelParts);

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

ConvShape shape_of(const at::Tensor& x, const std::vector<at::Tensor>& weights) {
  ConvShape shape;
  shape.batch = x.size(0);
  shape.seq = x.size(1);
  shape.channels = weights[0].size(0);
  shape.parts = static_cast<int>(weights.size());
  shape.width = static_cast<int>(weights[0].size(1));
  return shape;
}

std::vector<at::Tensor> contiguous(at::TensorList tensors) {
  std::vector<at::Tensor> result;
  result.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) result.push_back(tensor.contiguous());
  return result;
}

std::vector<at::Tensor> forward_on_cuda(const at::Tensor& x, const std::vector<at::Tensor>& weights,
                                        std::int64_t finite) {
  ConvForward conv;
  conv.shape = shape_of(x, weights);
  conv.x = x.const_data_ptr();
  std::vector<at::Tensor> y;
  for (std::size_t part = 0; part < weights.size(); ++part) {
    y.push_back(at::empty({x.size(0), x.size(1), conv.shape.channels}, x.options()));
    conv.weights[part] = weights[part].const_data_ptr();
    conv.y[part] = y.back().mutable_data_ptr();
    conv.finite[part] = (finite >> part & 1) != 0;
  }
  if (x.numel() == 0) return y;
  launch_kernel(x.device(), [&](CUstream_st* stream) {
    return launch_conv_forward(conv, is_bfloat16(x), stream);
  });
  return y;
}

/// Of x, then of each weight.
variable_list backward_on_cuda(const at::Tensor& x, const std::vector<at::Tensor>& weights,
                               const std::vector<at::Tensor>& y_gradients) {
  ConvBackward conv;
  conv.shape = shape_of(x, weights);
  conv.x = x.const_data_ptr();
  variable_list gradients{at::empty_like(x)};
  conv.x_gradient = gradients[0].mutable_data_ptr();
  for (std::size_t part = 0; part < weights.size(); ++part) {
    gradients.push_back(x.numel() == 0 ? at::zeros_like(weights[part])
                                       : at::empty_like(weights[part]));
    conv.weights[part] = weights[part].const_data_ptr();
    conv.y_gradient[part] = y_gradients[part].const_data_ptr();
    conv.weight_gradient[part] = gradients.back().mutable_data_ptr();
  }
  if (x.numel() == 0) return gradients;
  const at::Tensor partials =
      at::empty({conv_chunks(conv.shape), conv.shape.parts, conv.shape.width, conv.shape.channels},
                x.options().dtype(at::kFloat));
  conv.weight_partials = partials.mutable_data_ptr<float>();
  launch_kernel(x.device(), [&](CUstream_st* stream) {
    return launch_conv_backward(conv, is_bfloat16(x), stream);
  });
  return gradients;
}

class DepthwiseConv : public torch::autograd::Function<DepthwiseConv> {
 public:
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               at::TensorList weights, std::int64_t finite) {
    const at::Tensor dense = x.contiguous();
    const std::vector<at::Tensor> taps = contiguous(weights);
    variable_list saved{dense};
    saved.insert(saved.end(), taps.begin(), taps.end());
    context->save_for_backward(saved);
    return forward_on_cuda(dense, taps, finite);
  }
  static variable_list backward(AutogradContext* context, const variable_list& y_gradients) {
    const variable_list saved = context->get_saved_variables();
    variable_list gradients =
        backward_on_cuda(saved[0], {saved.begin() + 1, saved.end()}, contiguous(y_gradients));
    gradients.emplace_back();
    return gradients;
  }
};

constexpr std::int64_t kTime = 1;

// Gradient of one tap: the product summed over batch and time, [channels].
at::Tensor tap_gradient(const at::Tensor& gradient, const at::Tensor& x) {
  return gradient.mul(x).sum(at::IntArrayRef{0, kTime}, /*keepdim=*/false, at::kFloat);
}

// Shifted multiply-adds: faster than a grouped convolution for a few taps, and the memory layout
// of x is kept. By hand, because autograd of in-place slices copies the whole output for each tap.
class ShiftedSums : public torch::autograd::Function<ShiftedSums> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight) {
    context->save_for_backward({x, weight});
    const at::Tensor taps = weight.t().contiguous();
    at::Tensor y = x.mul(taps[0]);
    const std::int64_t seq = x.size(kTime);
    for (std::int64_t j = 1; j < std::min(taps.size(0), seq); ++j) {
      y.narrow(kTime, j, seq - j).addcmul_(x.narrow(kTime, 0, seq - j), taps[j]);
    }
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor& weight = saved[1];
    const at::Tensor& gradient = gradients[0];
    const at::Tensor taps = weight.t().contiguous();
    at::Tensor x_gradient = gradient.mul(taps[0]);
    at::Tensor weight_gradient = at::zeros_like(weight);
    weight_gradient.select(1, 0).copy_(tap_gradient(gradient, x));
    const std::int64_t seq = x.size(kTime);
    for (std::int64_t j = 1; j < std::min(taps.size(0), seq); ++j) {
      const at::Tensor later = gradient.narrow(kTime, j, seq - j);
      x_gradient.narrow(kTime, 0, seq - j).addcmul_(later, taps[j]);
      weight_gradient.select(1, j).copy_(tap_gradient(later, x.narrow(kTime, 0, seq - j)));
    }
    return {x_gradient, weight_gradient};
  }
};

void make_finite_where(const std::vector<bool>& finite, std::vector<at::Tensor>& results) {
  for (std::size_t part = 0; part < finite.size(); ++part) {
    if (finite[part]) results[part] = make_finite(results[part]);
  }
}

std::vector<at::Tensor> shifted_sums(const at::Tensor& x, const std::vector<at::Tensor>& weights) {
  std::vector<at::Tensor> results;
  const std::int64_t channels = weights[0].size(0);
  std::int64_t first = 0;
  for (const at::Tensor& weight : weights) {
    results.push_back(ShiftedSums::apply(x.narrow(2, first, channels), weight));
    first += channels;
  }
  return results;
}

}  // namespace

std::vector<at::Tensor> depthwise_conv(const at::Tensor& x, const std::vector<at::Tensor>& weights,
                                       const std::vector<bool>& finite) {
  NAS_ASSERT(finite.empty() || finite.size() == weights.size());
  NAS_ASSERT(!weights.empty() && weights.size() <= kMostConvParts && x.dim() == 3);
  for (const at::Tensor& weight : weights) {
    NAS_ASSERT(weight.sizes() == weights[0].sizes() && weight.scalar_type() == x.scalar_type());
  }
  NAS_ASSERT(weights[0].size(1) >= 1 && weights[0].size(1) <= kMostConvWidth);
  NAS_ASSERT(x.size(2) == weights[0].size(0) * static_cast<std::int64_t>(weights.size()));
  if (has_kernel_for(x)) {
    std::int64_t bits = 0;
    for (std::size_t part = 0; part < finite.size(); ++part)
      bits |= std::int64_t{finite[part]} << part;
    return DepthwiseConv::apply(x, at::TensorList(weights), bits);
  }
  std::vector<at::Tensor> results = shifted_sums(x, weights);
  make_finite_where(finite, results);
  return results;
}

std::vector<at::Tensor> depthwise_conv_plain(const at::Tensor& x,
                                             const std::vector<at::Tensor>& weights,
                                             const std::vector<bool>& finite) {
  std::vector<at::Tensor> results;
  const std::int64_t channels = weights[0].size(0);
  const std::int64_t seq = x.size(1);
  for (std::size_t part = 0; part < weights.size(); ++part) {
    const at::Tensor mine = x.narrow(2, static_cast<std::int64_t>(part) * channels, channels);
    at::Tensor y = mine.mul(weights[part].select(1, 0));
    for (std::int64_t j = 1; j < std::min(weights[part].size(1), seq); ++j) {
      const at::Tensor earlier = at::constant_pad_nd(mine.narrow(1, 0, seq - j), {0, 0, j, 0});
      y = y.add(earlier.mul(weights[part].select(1, j)));
    }
    results.push_back(y);
  }
  make_finite_where(finite, results);
  return results;
}

}  // namespace nas::ops
