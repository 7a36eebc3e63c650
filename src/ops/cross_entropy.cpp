#include "nas/ops/cross_entropy.hpp"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/cross_entropy_loss.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/mm.h>
#include <torch/csrc/autograd/custom_function.h>

#include "nas/core/error.hpp"
#include "ops/cross_entropy_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The mean loss; logits become their gradient where it is wanted.
at::Tensor loss_of(const at::Tensor& logits, const at::Tensor& targets, bool wants_gradient) {
  const auto options = logits.options().dtype(at::kFloat);
  const std::int64_t rows = logits.size(0);
  const at::Tensor losses = at::empty({rows}, options);
  at::Tensor mean = at::empty({}, options);
  CrossEntropy problem;
  problem.rows = rows;
  problem.classes = logits.size(1);
  problem.logits = logits.mutable_data_ptr();
  problem.targets = targets.const_data_ptr<std::int64_t>();
  problem.losses = losses.mutable_data_ptr<float>();
  problem.gradient_scale = 1.0F / static_cast<float>(rows);
  problem.writes_gradient = wants_gradient;
  launch_kernel(logits.device(), [&](CUstream_st* stream) {
    const int status = launch_cross_entropy(problem, is_bfloat16(logits), stream);
    if (status != 0) return status;
    return launch_mean(problem.losses, rows, mean.mutable_data_ptr<float>(), stream);
  });
  return mean;
}

class LinearCrossEntropy : public torch::autograd::Function<LinearCrossEntropy> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight,
                            const at::Tensor& targets, bool wants_gradient, bool is_one) {
    const at::Tensor logits = x.mm(weight.t());
    at::Tensor loss = loss_of(logits, targets.contiguous(), wants_gradient);
    if (wants_gradient) context->save_for_backward({x, weight, logits});
    context->saved_data["is_one"] = is_one;
    return loss;
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& logits_gradient = saved[2];
    use_context_of(logits_gradient.device());
    const at::Tensor x_gradient = logits_gradient.mm(saved[1]);
    const at::Tensor weight_gradient = logits_gradient.t().mm(saved[0]);
    if (!context->saved_data["is_one"].toBool()) {
      const at::Tensor scale = gradients[0].to(logits_gradient.scalar_type());
      x_gradient.mul_(scale);
      weight_gradient.mul_(scale);
    }
    return {x_gradient, weight_gradient, at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor linear_cross_entropy(const at::Tensor& x, const at::Tensor& weight,
                                const at::Tensor& targets, LossGradient gradient) {
  NAS_ASSERT(x.dim() == 2 && weight.dim() == 2 && targets.dim() == 1);
  NAS_ASSERT(x.size(0) == targets.size(0) && x.scalar_type() == weight.scalar_type());
  if (!has_kernel_for(x)) return linear_cross_entropy_plain(x, weight, targets);
  const bool wants_gradient =
      at::GradMode::is_enabled() && (x.requires_grad() || weight.requires_grad());
  return LinearCrossEntropy::apply(x, weight, targets, wants_gradient,
                                   gradient == LossGradient::kOne);
}

at::Tensor linear_cross_entropy_plain(const at::Tensor& x, const at::Tensor& weight,
                                      const at::Tensor& targets) {
  const at::Tensor logits = at::linear(x, weight);
  const bool is_narrow = at::isFloatingType(logits.scalar_type()) && logits.element_size() < 4;
  return at::cross_entropy_loss(is_narrow ? logits.to(at::kFloat) : logits, targets);
}

}  // namespace nas::ops
