#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <string>
#include <vector>

#include "nas/ops/elementwise_chain.hpp"
#include "nas/space/primitive.hpp"
#include "nn/time_tables.hpp"

namespace nas::nn {

/// One application of a primitive. Activations are float32 or, all of them, bfloat16.
struct ForwardContext {
  /// The node with its symbolic shapes; dims hold the batch and seq of this call.
  const space::NodeContext& node;
  std::span<const at::Tensor> inputs;
  std::span<const at::Tensor> parameters;  ///< float32, in the order of PrimitiveSpec::parameters
  std::span<const at::Tensor> narrow;      ///< their bfloat16 copies, or nothing
  bool is_causal;                          ///< the model lets no token see a later one
  TimeTables& tables;
};

/// Rule of a parameter's first values: element i, counted along the last axis first, is
/// mean[i % mean.size()] + std z_i with z_i standard normal.
struct InitialValues {
  double std = 0;
  std::vector<double> mean{0};
};

/// The half of a primitive that computes: one is made by each nn/primitives/<name>.cpp and listed
/// in nn/primitives/builtin.cpp.
struct PrimitiveImpl {
  std::string name;
  /// The node's value; dtype that of the inputs. Differentiable once.
  at::Tensor (*forward)(const ForwardContext& context) = nullptr;
  /// First values of one of the node's parameters; null when it has none.
  InitialValues (*initial)(const space::NodeContext& context, std::size_t parameter) = nullptr;
  /// The node as a step of a chain of element-wise functions, which is one kernel on a GPU: the
  /// same value of the inputs in order; null where it is none.
  ops::ElementwiseFunction (*elementwise)(const space::NodeContext& context) = nullptr;
};

/// All primitives, in the order of space::primitives(), so that Node::primitive is the index.
[[nodiscard]] const std::vector<PrimitiveImpl>& primitive_impls();
[[nodiscard]] inline const PrimitiveImpl& impl_of(const space::Node& node) {
  return primitive_impls()[node.primitive];
}

}  // namespace nas::nn
