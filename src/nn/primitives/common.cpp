#include "nn/primitives/common.hpp"

#include "nas/ops/make_finite.hpp"

namespace nas::nn {

at::Tensor weight_of(const ForwardContext& context, std::size_t parameter) {
  const at::ScalarType wanted = context.inputs[0].scalar_type();
  if (wanted == at::kBFloat16 && !context.narrow.empty()) return context.narrow[parameter];
  return context.parameters[parameter].to(wanted);
}

at::Tensor finite_rows(const at::Tensor& rows, bool is_causal) {
  return is_causal ? ops::make_finite(rows) : rows;
}

at::Tensor broadcast_vector(const ForwardContext& context) {
  at::Tensor vector = weight_of(context, 0);
  const space::Shape& shape = context.node.output;
  if (is_branched(shape)) return vector.unsqueeze(1);
  if (is_scores(shape)) return vector.view({vector.size(0), 1, 1});
  return vector;
}

}  // namespace nas::nn
