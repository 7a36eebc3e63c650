#include <torch/csrc/autograd/custom_function.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

// (a, b) -> (a cosine - b sign sine, b cosine + a sign sine) for the two halves of the last axis.
at::Tensor rotate(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine,
                  double sign) {
  const std::int64_t half = cosine.size(1);
  const at::Tensor a = x.narrow(-1, 0, half);
  const at::Tensor b = x.narrow(-1, half, half);
  at::Tensor y = at::empty_like(x);
  at::Tensor first = y.narrow(-1, 0, half);
  at::Tensor second = y.narrow(-1, half, half);
  at::mul_out(first, a, cosine);
  first.addcmul_(b, sine, -sign);
  at::mul_out(second, b, cosine);
  second.addcmul_(a, sine, sign);
  return y;
}

// By hand, because autograd would keep and add up a slice for each half.
class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& cosine, const at::Tensor& sine) {
    context->save_for_backward({cosine, sine});
    return rotate(x, cosine, sine, 1);
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 const torch::autograd::variable_list& grads) {
    const torch::autograd::variable_list saved = context->get_saved_variables();
    return {rotate(grads[0], saved[0], saved[1], -1), at::Tensor(), at::Tensor()};
  }
};

at::Tensor forward(const ForwardContext& context) {
  const double base = context.node.node.fields[space::rope_field::kBase];
  const at::Tensor& x = context.inputs[0];
  const TimeTables::Rotation tables = context.tables.rotation(base, x.size(-1) / 2, x.size(-2));
  return Rotate::apply(x, tables.cosine, tables.sine);
}

}  // namespace

PrimitiveImpl rope_impl() { return {"rope", forward, nullptr}; }

}  // namespace nas::nn
