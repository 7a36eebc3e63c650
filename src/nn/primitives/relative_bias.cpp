#include <ATen/ops/embedding.h>

#include <cmath>

#include "nn/primitives/common.hpp"

namespace nas::nn {

namespace {

at::Tensor forward(const ForwardContext& context) {
  const at::Tensor& scores = context.inputs[0];
  const at::Tensor buckets = context.tables.relative_buckets(scores.size(-1));
  // [seq, seq, heads] -> [heads, seq, seq]
  const at::Tensor bias = at::embedding(context.parameters[0], buckets).permute({2, 0, 1});
  return scores.add(bias.to(scores.scalar_type()));
}

// As the other tables.
InitialValues initial(const space::NodeContext& context, std::size_t /*parameter*/) {
  return {1.0 / std::sqrt(static_cast<double>(context.dims.model_dim)), {0}};
}

}  // namespace

PrimitiveImpl relative_bias_impl() { return {"relative_bias", forward, initial}; }

}  // namespace nas::nn
