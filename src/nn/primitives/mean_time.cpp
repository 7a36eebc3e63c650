#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  return x.mean(-2, /*keepdim=*/true).expand_as(x);
}

}  // namespace

PrimitiveImpl mean_time_impl() { return {"mean_time", forward, nullptr}; }

}  // namespace nas::nn
