#pragma once

#include <string>
#include <utility>
#include <vector>

#include "nn/primitive.hpp"

namespace nas::test {

/// Standard normal values, a function of (seed, subject) alone.
[[nodiscard]] at::Tensor random_tensor(at::IntArrayRef sizes, std::uint64_t seed,
                                       std::uint64_t subject);

using FieldValues = std::vector<std::pair<std::string, double>>;

/// One node with tensors of its own.
struct AppliedPrimitive {
  space::Node node;
  std::vector<space::Shape> shapes;
  space::Shape output;
  space::Dims dims;
  std::vector<at::Tensor> inputs;
  std::vector<at::Tensor> parameters;

  [[nodiscard]] space::NodeContext context() const { return {node, shapes, output, dims}; }
  /// By nn's table.
  [[nodiscard]] at::Tensor forward(bool is_causal) const;
  /// By the node's TorchScript expression.
  [[nodiscard]] at::Tensor torchscript(bool is_causal) const;
  /// "softmax(axis=1, mask=0) of [batch, ...]", for messages.
  [[nodiscard]] std::string text() const;
};

/// batch 2, seq 7, heads 3, head_dim 4, model_dim 12, inner_dim 20: no two equal.
[[nodiscard]] space::Dims odd_dims();

/// A node of the primitive with random inputs and parameters. Its output is undefined (no axes)
/// when the shapes do not fit.
[[nodiscard]] AppliedPrimitive apply_primitive(const std::string& name,
                                               const std::vector<space::Shape>& shapes,
                                               const FieldValues& fields = {},
                                               const space::Dims& dims = odd_dims(),
                                               std::uint64_t seed = 1);

/// Every primitive with every combination of shapes that it accepts and several values of each
/// field.
[[nodiscard]] std::vector<AppliedPrimitive> all_applied_primitives();

}  // namespace nas::test
