#pragma once

#include "nas/space/primitive_fields.hpp"
#include "nn/primitive.hpp"

namespace nas::nn {

/// A parameter of the node in the dtype of its inputs.
[[nodiscard]] at::Tensor weight_of(const ForwardContext& context, std::size_t parameter);

/// In a causal model 0 where key > query. A select and not a product, because an overflow at a
/// later token times 0 is NaN.
[[nodiscard]] inline at::Tensor mask_scores(const at::Tensor& scores, bool is_causal) {
  return is_causal ? scores.tril() : scores;
}

/// The rows that a masked score weighs. A row of a later token has weight 0, but 0 times inf is
/// NaN: in a causal model inf becomes the largest finite number and NaN becomes 0, so that
/// nothing of a later row reaches an earlier one. The gradient passes unchanged.
[[nodiscard]] at::Tensor finite_rows(const at::Tensor& rows, bool is_causal);

/// A field that holds an enumerator.
template <class Choice>
[[nodiscard]] bool field_is(const space::Node& node, std::size_t field, Choice choice) {
  return node.fields[field] == static_cast<double>(choice);
}

/// The factor of a scale_const node: value by 1 or head_dim^-1/2.
[[nodiscard]] double constant_factor(const space::NodeContext& context);

/// For PrimitiveImpl::elementwise, of a function without a constant.
template <ops::ElementwiseOp Op>
[[nodiscard]] ops::ElementwiseFunction elementwise(const space::NodeContext& /*context*/) {
  return {Op, 0};
}

/// The same, of a function with kSmallMagnitude.
template <ops::ElementwiseOp Op>
[[nodiscard]] ops::ElementwiseFunction elementwise_beside_zero(
    const space::NodeContext& /*context*/) {
  return {Op, space::kSmallMagnitude};
}

/// Parameters of all elements equal.
[[nodiscard]] inline InitialValues constant_values(double value) { return {0, {value}}; }

/// For scale_learned and shift_learned: the vector, shaped so that it broadcasts over the input.
[[nodiscard]] at::Tensor broadcast_vector(const ForwardContext& context);

}  // namespace nas::nn
