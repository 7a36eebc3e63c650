#include "nn/primitives/common.hpp"
#include "nn/reduction.hpp"

namespace nas::nn {

namespace {

using space::ReduceOp;

at::Tensor over_keys(const ForwardContext& context, ReduceOp op) {
  const at::Tensor& scores = context.inputs[0];
  const std::int64_t seq = scores.size(-1);
  at::Tensor seen = scores.to(at::kFloat);
  if (context.is_causal)
    seen = seen.masked_fill(context.tables.future(seq), space::neutral_element(op));
  if (op != ReduceOp::kMean) return reduced(seen, op, -1, /*keepdim=*/true);
  const at::Tensor sums = reduced(seen, ReduceOp::kSum, -1, /*keepdim=*/true);
  return context.is_causal ? sums.div(context.tables.counts(seq))
                           : sums.div(static_cast<double>(seq));
}

// In float32 for bfloat16 too: the error grows with the number of values.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const ReduceOp op = space::reduce_op(context.node.node);
  const at::Tensor y = is_scores(context.node.inputs[0])
                           ? over_keys(context, op)
                           : reduced(x.to(at::kFloat), op, -1, /*keepdim=*/true);
  return y.to(x.scalar_type()).expand_as(x);
}

}  // namespace

PrimitiveImpl reduce_impl() { return {"reduce", forward, nullptr}; }

}  // namespace nas::nn
