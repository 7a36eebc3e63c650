#include <ATen/ops/constant_pad_nd.h>

#include <algorithm>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const std::int64_t seq = x.size(-2);
  const auto wanted =
      static_cast<std::int64_t>(context.node.node.fields[space::shift_time_field::kSteps]);
  const std::int64_t steps = std::clamp(wanted, -seq, seq);
  // Negative padding cuts; the two last axes are given last first.
  return at::constant_pad_nd(x, {0, 0, steps, -steps}, 0);
}

}  // namespace

PrimitiveImpl shift_time_impl() { return {"shift_time", forward, nullptr}; }

}  // namespace nas::nn
