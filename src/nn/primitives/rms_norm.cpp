#include "nas/ops/add_norm.hpp"
#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const double eps = context.node.node.fields[space::norm_field::kEps];
  return ops::add_norm(context.inputs[0], {}, {context.parameters[0], {}, eps}).y;
}

InitialValues initial(const space::NodeContext& /*context*/, std::size_t /*parameter*/) {
  return constant_values(1);
}

}  // namespace

PrimitiveImpl rms_norm_impl() { return {"rms_norm", forward, initial}; }

}  // namespace nas::nn
