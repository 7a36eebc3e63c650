#include <limits>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  using space::SoftmaxAxis;
  using space::SoftmaxMask;
  namespace field = space::softmax_field;
  const space::Node& node = context.node.node;
  const at::Tensor& x = context.inputs[0];
  const std::int64_t axis = field_is(node, field::kAxis, SoftmaxAxis::kQueries) ? -2 : -1;
  at::Tensor logits = x.to(at::kFloat);
  // Only a sum over keys can be masked; sums over queries are for bidirectional models.
  if (axis == -1 && context.is_causal && field_is(node, field::kMask, SoftmaxMask::kByType)) {
    logits = logits.masked_fill(context.tables.future(x.size(-1)),
                                -std::numeric_limits<float>::infinity());
  }
  return logits.softmax(axis).to(x.scalar_type());
}

}  // namespace

PrimitiveImpl softmax_impl() { return {"softmax", forward, nullptr}; }

}  // namespace nas::nn
