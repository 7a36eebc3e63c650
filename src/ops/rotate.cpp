#include "nas/ops/rotate.hpp"

#include <ATen/ops/empty_like.h>
#include <ATen/ops/mul.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/launch.hpp"
#include "ops/rotate_kernel.hpp"

namespace nas::ops {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// Where the tables are in memory and which way they turn.
struct Turn {
  at::Tensor cosine;
  at::Tensor sine;
  double sign = 1;
};

at::Tensor turn_plain(const at::Tensor& x, const Turn& turn) {
  const std::int64_t half = turn.cosine.size(1);
  const at::Tensor a = x.narrow(-1, 0, half);
  const at::Tensor b = x.narrow(-1, half, half);
  at::Tensor y = at::empty_like(x);
  at::Tensor first = y.narrow(-1, 0, half);
  at::Tensor second = y.narrow(-1, half, half);
  at::mul_out(first, a, turn.cosine);
  first.addcmul_(b, turn.sine, -turn.sign);
  at::mul_out(second, b, turn.cosine);
  second.addcmul_(a, turn.sine, turn.sign);
  return y;
}

RowStrides strides_of(const at::Tensor& rows) {
  return {rows.stride(0), rows.stride(1), rows.stride(2)};
}

at::Tensor turn_by_kernel(const at::Tensor& x, const Turn& turn) {
  const at::Tensor dense = x.stride(-1) == 1 ? x : x.contiguous();
  at::Tensor y = at::empty_like(dense);
  // Without heads: as if there were one.
  const at::Tensor rows = dense.dim() == 4 ? dense : dense.unsqueeze(1);
  const at::Tensor turned = y.dim() == 4 ? y : y.unsqueeze(1);
  Rotation rotation;
  rotation.x = rows.const_data_ptr();
  rotation.y = turned.mutable_data_ptr();
  rotation.cosine = turn.cosine.const_data_ptr<float>();
  rotation.sine = turn.sine.const_data_ptr<float>();
  rotation.sign = static_cast<float>(turn.sign);
  rotation.batch = rows.size(0);
  rotation.heads = rows.size(1);
  rotation.seq = rows.size(2);
  rotation.half = turn.cosine.size(1);
  rotation.x_strides = strides_of(rows);
  rotation.y_strides = strides_of(turned);
  launch_kernel(x.device(), [&](CUstream_st* stream) {
    return launch_rotate(rotation, is_bfloat16(x), stream);
  });
  return y;
}

at::Tensor turned(const at::Tensor& x, const Turn& turn, bool by_kernel) {
  return by_kernel ? turn_by_kernel(x, turn) : turn_plain(x, turn);
}

// By hand, because autograd would keep and add up a slice for each half.
class Rotate : public torch::autograd::Function<Rotate> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& cosine,
                            const at::Tensor& sine, bool by_kernel) {
    context->save_for_backward({cosine, sine});
    context->saved_data["by_kernel"] = by_kernel;
    return turned(x, {cosine, sine, 1}, by_kernel);
  }
  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const bool by_kernel = context->saved_data["by_kernel"].toBool();
    return {turned(gradients[0], {saved[0], saved[1], -1}, by_kernel), at::Tensor(), at::Tensor(),
            at::Tensor()};
  }
};

}  // namespace

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine) {
  NAS_ASSERT((x.dim() == 3 || x.dim() == 4) && cosine.sizes() == sine.sizes());
  NAS_ASSERT(cosine.dim() == 2 && cosine.size(0) == x.size(-2) && 2 * cosine.size(1) == x.size(-1));
  const bool by_kernel = has_kernel_for(x) && cosine.scalar_type() == at::kFloat;
  return by_kernel ? Rotate::apply(x, cosine.contiguous(), sine.contiguous(), true)
                   : rotate_plain(x, cosine, sine);
}

at::Tensor rotate_plain(const at::Tensor& x, const at::Tensor& cosine, const at::Tensor& sine) {
  return Rotate::apply(x, cosine, sine, false);
}

}  // namespace nas::ops
