#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const auto count =
      static_cast<std::int64_t>(context.node.node.fields[space::branches_field::kCount]);
  const std::int64_t features = x.size(-1) / count;
  // Without branches a view: the tokens' rows stay where they are in memory.
  if (x.dim() == 3) return x.reshape({x.size(0), x.size(1), count, features}).transpose(1, 2);
  return x.reshape({x.size(0), x.size(1), x.size(2), count, features})
      .transpose(2, 3)
      .reshape({x.size(0), x.size(1) * count, x.size(2), features});
}

}  // namespace

PrimitiveImpl split_branches_impl() { return {"split_branches", forward, nullptr}; }

}  // namespace nas::nn
