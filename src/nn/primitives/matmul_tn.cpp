#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].transpose(-2, -1).matmul(context.inputs[1]);
}

}  // namespace

PrimitiveImpl matmul_tn_impl() { return {"matmul_tn", forward, nullptr}; }

}  // namespace nas::nn
