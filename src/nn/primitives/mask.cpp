#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const auto width = static_cast<std::int64_t>(context.node.node.fields[space::mask_field::kWidth]);
  const at::Tensor past = context.inputs[0].tril();
  return width == 0 ? past : past.triu(1 - width);
}

}  // namespace

PrimitiveImpl mask_impl() { return {"mask", forward, nullptr}; }

}  // namespace nas::nn
