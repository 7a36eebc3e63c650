#include <ATen/OpMathType.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

// Not in bfloat16: the constant is below bfloat16's resolution of values of order 1.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  return x.to(at::toOpMathType(x.scalar_type()))
      .abs()
      .add(space::kSmallMagnitude)
      .log()
      .to(x.scalar_type());
}

}  // namespace

PrimitiveImpl log_abs_impl() {
  return {"log_abs", forward, nullptr, elementwise_beside_zero<ops::ElementwiseOp::kLogAbs>};
}

}  // namespace nas::nn
