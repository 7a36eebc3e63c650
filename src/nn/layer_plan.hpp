#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "nas/space/architecture.hpp"
#include "nn/primitive.hpp"

namespace nas::nn {

/// A value of a plan: its input is 0.
using PlanValue = std::uint32_t;

/// One operation of a lowered layer: a node by its plain form, or several nodes as one.
struct Step {
  enum class Kind {
    kNode,
    kSquaredRelu,  ///< the square of max(input, 0)
    kAttention,  ///< inputs query, key, value: softmax over keys of scale query key^T, times value
    /// Inputs x or x, added; outputs the norm of their sum and, where something is added, the sum.
    /// parameters: weight, for a LayerNorm bias.
    kNorm,
    /// Linear maps of one input, without biases, an output each. parameters: their weights; then,
    /// where convolves, the taps of a causal depthwise convolution behind each. splits_heads: the
    /// outputs are branched. finite: of each output whether infinities and NaN are taken out, as
    /// an attention does with its values.
    kProjections,
    kElementwise,  ///< chain of functions of the inputs
  };
  Kind kind = Kind::kNode;
  const PrimitiveImpl* impl = nullptr;     ///< kNode
  space::Node node;                        ///< kNode
  std::vector<space::Shape> input_shapes;  ///< kNode
  space::Shape output_shape;               ///< kNode
  space::Dims dims;                        ///< batch and seq are those of each call
  std::vector<at::Tensor> parameters;
  std::vector<at::Tensor> narrow;  ///< bfloat16 copies of parameters, or nothing
  double scale = 1;                ///< kAttention
  bool value_is_finite = false;    ///< kAttention
  double eps = 0;                  ///< kNorm
  bool convolves = false;          ///< kProjections
  bool splits_heads = false;       ///< kProjections
  std::vector<bool> finite;        ///< kProjections that convolve
  ops::ElementwiseChain chain;     ///< kElementwise

  std::vector<PlanValue> inputs;
  std::vector<PlanValue> outputs;
  std::vector<PlanValue> releases;  ///< values that no later step reads
};

/// A layer's program, or several layers one after the other, as steps in order.
struct LayerPlan {
  std::vector<Step> steps;
  std::size_t value_count = 0;
  PlanValue output = 0;
  bool is_causal = true;
  bool is_deterministic = true;  ///< no kernel whose bits vary
};

/// A trained tensor of a layer's program.
struct LayerParameter {
  std::string name;  ///< "v3.weight"
  space::ParameterShape shape;
  InitialValues initial;
};

/// Steps of a layer of a canonical architecture, one for each node, without parameter tensors
/// and releases, values numbered as in the program; `parameters` gets what has to be made, in
/// order.
[[nodiscard]] LayerPlan plan_layer(const space::Architecture& architecture, std::size_t layer,
                                   std::vector<LayerParameter>& parameters);

/// Hands out parameter tensors, in the order in which plan_layer named them; `relative_bias`, the
/// model's table, to every node that uses it.
void attach_parameters(LayerPlan& plan, std::span<const at::Tensor> tensors,
                       const at::Tensor& relative_bias = {});

/// The layers of a model in order as one plan; at least one, with their parameters.
[[nodiscard]] LayerPlan join(std::vector<LayerPlan> layers);

/// Fills every step's `releases`; the last pass.
void plan_releases(LayerPlan& plan);

/// Runs a plan on x: [batch, seq, model_dim].
[[nodiscard]] at::Tensor run_plan(const LayerPlan& plan, at::Tensor x, TimeTables& tables);

}  // namespace nas::nn
