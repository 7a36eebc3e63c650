#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const std::span<const space::Shape> shapes = context.node.inputs;
  if (!is_scores(shapes[0])) return context.inputs[0].matmul(context.inputs[1]);
  const bool is_causal = context.is_causal;
  at::Tensor rows = context.inputs[1];
  if (is_scores(shapes[1])) rows = mask_scores(rows, is_causal);
  return mask_scores(context.inputs[0], is_causal).matmul(finite_rows(rows, is_causal));
}

}  // namespace

PrimitiveImpl matmul_impl() { return {"matmul", forward, nullptr}; }

}  // namespace nas::nn
