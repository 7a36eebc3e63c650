#include "nas/ops/add_norm.hpp"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rms_norm.h>
#include <ATen/ops/zeros_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <optional>

#include "nas/core/error.hpp"
#include "ops/add_norm_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using OptionalTensor = std::optional<at::Tensor>;

NormShape shape_of(const at::Tensor& x, double eps, bool is_rms) {
  const std::int64_t width = x.size(-1);
  return {width == 0 ? 0 : x.numel() / width, width, static_cast<float>(eps), is_rms};
}

template <class Value = void>
Value* data_of(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<Value*>(tensor.mutable_data_ptr()) : nullptr;
}

class AddNorm : public torch::autograd::Function<AddNorm> {
 public:
  // Gives sum (where something is added) and y.
  static variable_list forward(AutogradContext* context, const at::Tensor& x,
                               const OptionalTensor& added, const at::Tensor& weight,
                               const OptionalTensor& bias, double eps) {
    const at::Tensor dense = x.contiguous();
    const at::Tensor more = added ? added->contiguous() : at::Tensor();
    NormForward norm;
    norm.shape = shape_of(dense, eps, !bias);
    const auto statistics = dense.options().dtype(at::kFloat);
    const at::Tensor sum = added ? at::empty_like(dense) : at::Tensor();
    const at::Tensor y = at::empty_like(dense);
    const at::Tensor mean = bias ? at::empty({norm.shape.rows}, statistics) : at::Tensor();
    const at::Tensor rstd = at::empty({norm.shape.rows}, statistics);
    norm.x = dense.const_data_ptr();
    norm.added = data_of(more);
    norm.weight = weight.const_data_ptr<float>();
    norm.bias = bias ? bias->const_data_ptr<float>() : nullptr;
    norm.sum = data_of(sum);
    norm.y = y.mutable_data_ptr();
    norm.mean = data_of<float>(mean);
    norm.rstd = rstd.mutable_data_ptr<float>();
    if (dense.numel() > 0) {
      launch_kernel(x.device(), [&](CUstream_st* stream) {
        return launch_norm_forward(norm, is_bfloat16(x), stream);
      });
    }
    context->save_for_backward({added ? sum : dense, weight, mean, rstd});
    context->saved_data["eps"] = eps;
    context->saved_data["is_rms"] = !bias;
    context->saved_data["adds"] = added.has_value();
    // The sum may be read by the norm alone.
    context->set_materialize_grads(false);
    return added ? variable_list{sum, y} : variable_list{y};
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const bool adds = context->saved_data["adds"].toBool();
    const bool is_rms = context->saved_data["is_rms"].toBool();
    const at::Tensor& sum = saved[0];
    const at::Tensor& y_gradient = gradients.back();
    const at::Tensor sum_gradient =
        adds && gradients[0].defined() ? gradients[0].contiguous() : at::Tensor();
    if (!y_gradient.defined()) return {sum_gradient, sum_gradient, {}, {}, {}};
    const at::Tensor dense = y_gradient.contiguous();
    NormBackward norm;
    norm.shape = shape_of(sum, context->saved_data["eps"].toDouble(), is_rms);
    const at::Tensor x_gradient = at::empty_like(sum);
    const bool is_empty = sum.numel() == 0;
    const auto like_weight = [&] {
      return is_empty ? at::zeros_like(saved[1]) : at::empty_like(saved[1]);
    };
    const at::Tensor weight_gradient = like_weight();
    const at::Tensor bias_gradient = is_rms ? at::Tensor() : like_weight();
    if (!is_empty) {
      const at::Tensor partials =
          at::empty({norm_partials(norm.shape), 2, norm.shape.width}, weight_gradient.options());
      norm.sum = sum.const_data_ptr();
      norm.mean = data_of<float>(saved[2]);
      norm.rstd = saved[3].const_data_ptr<float>();
      norm.weight = saved[1].const_data_ptr<float>();
      norm.y_gradient = dense.const_data_ptr();
      norm.sum_gradient = data_of(sum_gradient);
      norm.x_gradient = x_gradient.mutable_data_ptr();
      norm.partials = partials.mutable_data_ptr<float>();
      norm.weight_gradient = weight_gradient.mutable_data_ptr<float>();
      norm.bias_gradient = data_of<float>(bias_gradient);
      launch_kernel(sum.device(), [&](CUstream_st* stream) {
        return launch_norm_backward(norm, is_bfloat16(sum), stream);
      });
    }
    return {x_gradient, adds ? x_gradient : at::Tensor(), weight_gradient, bias_gradient, {}};
  }
};

OptionalTensor optional(const at::Tensor& tensor) {
  return tensor.defined() ? OptionalTensor(tensor) : std::nullopt;
}

}  // namespace

AddedAndNormed add_norm(const at::Tensor& x, const at::Tensor& added,
                        const NormParameters& parameters) {
  NAS_ASSERT(!added.defined() ||
             (added.sizes() == x.sizes() && added.scalar_type() == x.scalar_type()));
  if (!has_kernel_for(x)) return add_norm_plain(x, added, parameters);
  const variable_list results = AddNorm::apply(x, optional(added), parameters.weight,
                                               optional(parameters.bias), parameters.eps);
  return {added.defined() ? results[0] : x, results.back()};
}

AddedAndNormed add_norm_plain(const at::Tensor& x, const at::Tensor& added,
                              const NormParameters& parameters) {
  const at::Tensor sum = added.defined() ? x.add(added) : x;
  const at::Tensor wide = sum.to(parameters.weight.scalar_type());
  const at::Tensor y =
      parameters.bias.defined()
          ? at::layer_norm(wide, {x.size(-1)}, parameters.weight, parameters.bias, parameters.eps)
          : at::rms_norm(wide, {x.size(-1)}, parameters.weight, parameters.eps);
  return {sum, y.to(x.scalar_type())};
}

}  // namespace nas::ops
