#pragma once

#include <string>
#include <vector>

#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"

namespace nas::space {

/// Names of shapes in the `accepts` texts.
inline constexpr const char* kAnyShape = "any one shape";
inline constexpr const char* kEqualShapes = "two equal shapes (nothing is broadcast)";
inline constexpr const char* kSequenceShapes =
    "[batch, seq, features] or [batch, heads, seq, features]";
inline constexpr const char* kProjectedShapes =
    "[batch, seq, model_dim] or [batch, seq, inner_dim]";

/// is_tokens or is_branched: the seq axis is the last but one and the last holds features.
[[nodiscard]] bool is_sequence(const Shape& shape);

// Type rules.
[[nodiscard]] std::optional<Shape> same_shape(std::span<const Shape> inputs, const Node& node);
[[nodiscard]] std::optional<Shape> equal_shapes(std::span<const Shape> inputs, const Node& node);
[[nodiscard]] std::optional<Shape> sequence_shape(std::span<const Shape> inputs, const Node& node);
/// Of primitives whose first field is LinearOut: a sequence of features to one of that many.
[[nodiscard]] std::optional<Shape> projection_shape(std::span<const Shape> inputs,
                                                    const Node& node);

// Mixing rules.
[[nodiscard]] TimeMixing token_local(std::span<const Shape> inputs, const Node& node);
[[nodiscard]] TimeMixing causal(std::span<const Shape> inputs, const Node& node);
[[nodiscard]] TimeMixing bidirectional(std::span<const Shape> inputs, const Node& node);

/// Elements of the output.
[[nodiscard]] double output_elements(const NodeContext& context);
/// Size of the output's last axis.
[[nodiscard]] std::int64_t last_axis(const NodeContext& context);
/// Size of the last axis of one of the node's shapes.
[[nodiscard]] std::int64_t last_axis(const NodeContext& context, const Shape& shape);
/// Heads or branches of the output, 1 without such an axis.
[[nodiscard]] std::int64_t parallel(const NodeContext& context);
/// Vectors along the output's last axis.
[[nodiscard]] double rows(const NodeContext& context);

/// For primitives that only move values.
[[nodiscard]] double no_flops(const NodeContext& context);
/// A fixed count for each element of the output.
template <int Count>
[[nodiscard]] double flops_per_element(const NodeContext& context) {
  return Count * output_elements(context);
}

/// One trained vector for scale_learned and shift_learned: over the last axis of
/// [batch, seq, ...]; one value for each (head, channel) of heads and for each head of scores.
[[nodiscard]] std::optional<Shape> learned_vector_shape(std::span<const Shape> inputs,
                                                        const Node& node);
[[nodiscard]] ParameterList learned_vector(const NodeContext& context, const char* name);
/// The vector's name, reshaped so that it broadcasts over the input.
[[nodiscard]] std::string broadcast_vector(const NodeContext& context, const std::string& weight);

/// "torch.<operation>(a, b)".
[[nodiscard]] std::string torch_call(const char* operation, std::span<const std::string> in);
/// A float literal that reads back exactly, infinities too; TorchScript types "1" as an integer.
[[nodiscard]] std::string torch_real(double value);

/// Elementwise primitives of one and two inputs, all but formula, FLOPs other than 1 an element
/// and TorchScript filled in.
[[nodiscard]] PrimitiveSpec elementwise_unary(const char* name, const char* formula);
[[nodiscard]] PrimitiveSpec elementwise_binary(const char* name, const char* formula,
                                               bool commutative);

// Reductions.
/// "torch.sum(x, [axis], keep)" and the like.
[[nodiscard]] std::string reduction_text(ReduceOp op, const std::string& x, int axis, bool keep);

// Fields.
[[nodiscard]] FieldSpec reduce_op_field();
[[nodiscard]] FieldSpec choice_field(const char* name, std::vector<std::string> choices,
                                     const char* help);
[[nodiscard]] FieldSpec boolean_field(const char* name, const char* help);
[[nodiscard]] FieldSpec count_field(const char* name, int max, int fallback, const char* help);
/// Field `count` of a primitive on branches.
[[nodiscard]] int branch_count(const Node& node);
[[nodiscard]] FieldSpec epsilon_field();

}  // namespace nas::space
