#include <ATen/ops/layer_norm.h>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const double eps = context.node.node.fields[space::norm_field::kEps];
  const at::Tensor y = at::layer_norm(x.to(at::kFloat), {x.size(-1)}, context.parameters[0],
                                      context.parameters[1], eps);
  return y.to(x.scalar_type());
}

InitialValues initial(const space::NodeContext& /*context*/, std::size_t parameter) {
  return constant_values(parameter == 0 ? 1 : 0);
}

}  // namespace

PrimitiveImpl layer_norm_impl() { return {"layer_norm", forward, initial}; }

}  // namespace nas::nn
