#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor scores = context.inputs[0].matmul(context.inputs[1].transpose(-2, -1));
  return mask_scores(scores, context.is_causal);
}

}  // namespace

PrimitiveImpl matmul_nt_impl() { return {"matmul_nt", forward, nullptr}; }

}  // namespace nas::nn
