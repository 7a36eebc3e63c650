#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nas/space/architecture.hpp"
#include "nn/primitive.hpp"

namespace nas::nn {

/// One operation of a lowered layer: a node by its plain form, or several nodes as one.
struct Step {
  enum class Kind {
    kNode,
    kAttention,  ///< inputs query, key, value: softmax over keys of scale query key^T, times value
  };
  Kind kind = Kind::kNode;
  const PrimitiveImpl* impl = nullptr;     ///< kNode
  space::Node node;                        ///< kNode
  std::vector<space::Shape> input_shapes;  ///< kNode
  space::Shape output_shape;               ///< kNode
  std::vector<at::Tensor> parameters;      ///< kNode
  double scale = 1;                        ///< kAttention

  std::vector<space::ValueIndex> inputs;    ///< by value index of the program
  space::ValueIndex output = 0;             ///< by value index of the program
  std::vector<space::ValueIndex> releases;  ///< values that no later step reads
};

/// A layer's program as steps in order, with its parameters.
struct LayerPlan {
  std::vector<Step> steps;
  std::size_t value_count = 0;
  space::ValueIndex output = 0;
  space::Dims dims;  ///< batch and seq are those of each call
  bool is_causal = true;
};

/// A trained tensor of a layer's program.
struct LayerParameter {
  std::string name;  ///< "v3.weight"
  space::ParameterShape shape;
  InitialValues initial;
};

/// Steps of a layer of a canonical architecture, one for each node, without parameter tensors
/// and releases; `parameters` gets what has to be made, in order.
[[nodiscard]] LayerPlan plan_layer(const space::Architecture& architecture, std::size_t layer,
                                   std::vector<LayerParameter>& parameters);

/// Hands out parameter tensors, in the order in which plan_layer named them; `relative_bias`, the
/// model's table, to every node that uses it.
void attach_parameters(LayerPlan& plan, std::span<const at::Tensor> tensors,
                       const at::Tensor& relative_bias = {});

/// Fills every step's `releases`; the last pass.
void plan_releases(LayerPlan& plan);

/// Runs a plan on x: [batch, seq, model_dim].
[[nodiscard]] at::Tensor run_plan(const LayerPlan& plan, at::Tensor x, TimeTables& tables);

}  // namespace nas::nn
