#include "nn/primitives/common.hpp"
#include "nn/running.hpp"

namespace nas::nn {

namespace {

// In float32 for bfloat16 too: the error of a product grows with the number of tokens.
at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  return running_products(x.to(at::kFloat)).to(x.scalar_type());
}

}  // namespace

PrimitiveImpl cumulative_product_impl() { return {"cumulative_product", forward, nullptr}; }

}  // namespace nas::nn
