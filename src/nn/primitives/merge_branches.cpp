#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const auto count =
      static_cast<std::int64_t>(context.node.node.fields[space::branches_field::kCount]);
  const std::int64_t branches = x.size(1) / count;
  const at::Tensor rows =
      x.reshape({x.size(0), branches, count, x.size(2), x.size(3)}).transpose(2, 3);
  if (is_tokens(context.node.output))
    return rows.reshape({x.size(0), x.size(2), count * x.size(3)});
  return rows.reshape({x.size(0), branches, x.size(2), count * x.size(3)});
}

}  // namespace

PrimitiveImpl merge_branches_impl() { return {"merge_branches", forward, nullptr}; }

}  // namespace nas::nn
