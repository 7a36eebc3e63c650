#include "nn/primitives/common.hpp"
#include "nn/reduction.hpp"

namespace nas::nn {

namespace {

using space::ReduceOp;

constexpr std::int64_t kTime = -2;

at::Tensor over_window(const ForwardContext& context, ReduceOp op, std::int64_t window) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor seen = windows(x.to(at::kFloat), window, space::neutral_element(op));
  if (op != ReduceOp::kMean) return reduced(seen, op, 0, /*keepdim=*/false);
  const at::Tensor counts = context.tables.counts(x.size(kTime)).clamp_max(window);
  return reduced(seen, ReduceOp::kSum, 0, /*keepdim=*/false).div(counts);
}

// In float32 for bfloat16 too: the error grows with the number of tokens.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const space::Node& node = context.node.node;
  const auto window = static_cast<std::int64_t>(node.fields[space::reduce_field::kWindow]);
  const ReduceOp op = space::reduce_op(node);
  if (window != 0) return over_window(context, op, window).to(x.scalar_type());
  const at::Tensor y = reduced(x.to(at::kFloat), op, kTime, /*keepdim=*/true);
  return y.to(x.scalar_type()).expand_as(x);
}

}  // namespace

PrimitiveImpl reduce_time_impl() { return {"reduce_time", forward, nullptr}; }

}  // namespace nas::nn
