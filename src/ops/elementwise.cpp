#include "nas/ops/elementwise.hpp"

#include <ATen/OpMathType.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/silu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <utility>

#include "nas/core/error.hpp"
#include "ops/element_order.hpp"
#include "ops/elementwise_kernel.hpp"
#include "ops/launch.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

ElementwiseOperand<const void*> operand(const ElementOrder& order, const at::Tensor& x) {
  return {x.const_data_ptr(), row_gap(order, x)};
}

struct HeldChain : torch::CustomClassHolder {
  explicit HeldChain(ElementwiseChain held) : chain(std::move(held)) {}
  ElementwiseChain chain;
};

class Elementwise : public torch::autograd::Function<Elementwise> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const ElementwiseChain& chain) {
    const ElementOrder order = element_order(inputs);
    ElementwiseForward all;
    all.count = order.count;
    all.width = order.width;
    variable_list kept;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      kept.push_back(in_order(order, inputs[i]));
      all.inputs[i] = operand(order, kept[i]);
    }
    context->save_for_backward(kept);
    context->saved_data["chain"] = c10::IValue::make_capsule(c10::make_intrusive<HeldChain>(chain));
    at::Tensor y = empty_in_order(order, inputs[0]);
    all.y = y.mutable_data_ptr();
    launch_kernel(y.device(), [&](CUstream_st* stream) {
      return launch_elementwise(chain, all, is_bfloat16(y), stream);
    });
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& y_gradients) {
    const variable_list inputs = context->get_saved_variables();
    const auto held = context->saved_data["chain"].toCapsule();
    const ElementwiseChain& chain = static_cast<const HeldChain&>(*held).chain;
    const ElementOrder order = element_order(inputs);
    const at::Tensor y_gradient = in_order(order, y_gradients[0]);
    ElementwiseBackward all;
    all.count = order.count;
    all.width = order.width;
    all.y_gradient = operand(order, y_gradient);
    variable_list gradients = gradients_in_order(order, inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      all.inputs[i] = operand(order, inputs[i]);
      if (context->needs_input_grad(i)) {
        all.gradients[i] = {gradients[i].mutable_data_ptr(), row_gap(order, gradients[i])};
      } else {
        gradients[i].reset();
      }
    }
    launch_kernel(y_gradient.device(), [&](CUstream_st* stream) {
      return launch_elementwise_backward(chain, all, is_bfloat16(y_gradient), stream);
    });
    gradients.emplace_back();  // of the chain
    return gradients;
  }
};

bool is_sound(const ElementwiseChain& chain) {
  if (chain.input_count < 1 || chain.input_count > kMostChainInputs || chain.steps.empty() ||
      chain.steps.size() > kMostChainSteps) {
    return false;
  }
  std::size_t made = chain.input_count;
  return std::ranges::all_of(chain.steps, [&](const ElementwiseStep& step) {
    const bool reads_made = step.a < made && step.b < made;
    ++made;
    return reads_made;
  });
}

// The divisor is selected before the division too: the gradient of a quotient that a select throws
// away would be 0 times inf.
at::Tensor quotient(const at::Tensor& a, const at::Tensor& b, double least) {
  const at::Tensor is_zero = b.abs().lt(least);
  return a.div(b.masked_fill(is_zero, 1)).masked_fill(is_zero, 0);
}

at::Tensor reciprocal(const at::Tensor& x, double least) {
  const at::Tensor is_zero = x.abs().lt(least);
  return x.masked_fill(is_zero, 1).reciprocal().masked_fill(is_zero, 0);
}

/// |x| + c, not in bfloat16: the constant may be below its resolution.
at::Tensor shifted_magnitude(const at::Tensor& x, double c) {
  return x.to(at::toOpMathType(x.scalar_type())).abs().add(c);
}

/// b is read by a binary function.
at::Tensor apply_plain(const ElementwiseFunction& function, const at::Tensor& a,
                       const at::Tensor& b) {
  const double c = function.constant;
  using Op = ElementwiseOp;
  switch (function.op) {
    case Op::kAbs:
      return a.abs();
    case Op::kAbsRoot:
      return shifted_magnitude(a, c).sqrt().to(a.scalar_type());
    case Op::kAdd:
      return a.add(b);
    case Op::kCos:
      return a.cos();
    case Op::kDivide:
      return quotient(a, b, c);
    case Op::kExp:
      return a.exp();
    case Op::kGeluErf:
      return at::gelu(a, "none");
    case Op::kGeluTanh:
      return at::gelu(a, "tanh");
    case Op::kLogAbs:
      return shifted_magnitude(a, c).log().to(a.scalar_type());
    case Op::kMaximum:
      return a.maximum(b);
    case Op::kMinimum:
      return a.minimum(b);
    case Op::kMultiply:
      return a.mul(b);
    case Op::kNegate:
      return a.neg();
    case Op::kRecip:
      return reciprocal(a, c);
    case Op::kRelu:
      return a.relu();
    case Op::kScale:
      return a.mul(c);
    case Op::kShift:
      return a.add(c);
    case Op::kSigmoid:
      return a.sigmoid();
    case Op::kSign:
      return a.sign();
    case Op::kSilu:
      return at::silu(a);
    case Op::kSin:
      return a.sin();
    case Op::kSquare:
      return a.square();
    case Op::kSubtract:
      return a.sub(b);
    case Op::kTanh:
      return a.tanh();
  }
  NAS_ASSERT(false);
}

}  // namespace

at::Tensor elementwise(const ElementwiseChain& chain, const std::vector<at::Tensor>& inputs) {
  NAS_ASSERT(is_sound(chain) && inputs.size() == chain.input_count);
  NAS_ASSERT(std::ranges::all_of(inputs, [&](const at::Tensor& x) {
    return x.sizes() == inputs[0].sizes() && x.scalar_type() == inputs[0].scalar_type();
  }));
  return has_kernel_for(inputs[0]) ? Elementwise::apply(at::TensorList(inputs), chain)
                                   : elementwise_plain(chain, inputs);
}

at::Tensor elementwise_plain(const ElementwiseChain& chain, const std::vector<at::Tensor>& inputs) {
  std::vector<at::Tensor> values = inputs;
  values.reserve(inputs.size() + chain.steps.size());
  for (const ElementwiseStep& step : chain.steps) {
    values.push_back(apply_plain(step.function, values[step.a], values[step.b]));
  }
  return values.back();
}

}  // namespace nas::ops
