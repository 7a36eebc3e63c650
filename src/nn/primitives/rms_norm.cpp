#include <ATen/ops/rms_norm.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const double eps = context.node.node.fields[space::norm_field::kEps];
  return at::rms_norm(x.to(at::kFloat), {x.size(-1)}, context.parameters[0], eps)
      .to(x.scalar_type());
}

InitialValues initial(const space::NodeContext& /*context*/, std::size_t /*parameter*/) {
  return constant_values(1);
}

}  // namespace

PrimitiveImpl rms_norm_impl() { return {"rms_norm", forward, initial}; }

}  // namespace nas::nn
