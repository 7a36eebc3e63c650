#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  return context.inputs[0].add(context.node.node.fields[space::shift_const_field::kValue]);
}

}  // namespace

PrimitiveImpl shift_const_impl() { return {"shift_const", forward, nullptr}; }

}  // namespace nas::nn
