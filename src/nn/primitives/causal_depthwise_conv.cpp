#include "nas/ops/depthwise_conv.hpp"
#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& x = context.inputs[0];
  const at::Tensor weight = weight_of(context, 0);
  if (x.dim() == 3) return ops::depthwise_conv(x, {weight})[0];
  // [batch, heads, seq, head_dim]; as split_heads makes it, its rows are whole in memory.
  const at::Tensor rows = x.transpose(1, 2).flatten(2);
  return ops::depthwise_conv(rows, {weight})[0]
      .unflatten(2, {x.size(1), x.size(3)})
      .transpose(1, 2);
}

// Source: So et al. 2021 (arXiv:2109.08668), official initialisation: the token itself 0.5, every
// earlier one 0.5 / width.
InitialValues initial(const space::NodeContext& context, std::size_t /*parameter*/) {
  const double width = context.node.fields[space::causal_depthwise_conv_field::kWidth];
  InitialValues values{0, std::vector<double>(static_cast<std::size_t>(width), 0.5 / width)};
  values.mean[0] = 0.5;
  return values;
}

}  // namespace

PrimitiveImpl causal_depthwise_conv_impl() { return {"causal_depthwise_conv", forward, initial}; }

}  // namespace nas::nn
