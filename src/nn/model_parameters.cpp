#include "nn/model_parameters.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace nas::nn {

namespace {

/// The table of relative positions, by the rules of the node that reads it.
LayerParameter relative_bias_table(const space::Architecture& architecture) {
  const space::Node node = space::make_node(space::primitive_index("relative_bias"));
  space::Dims dims;
  dims.heads = space::relative_bias_heads(architecture);
  dims.model_dim = architecture.model.model_dim;
  const space::NodeContext context{node, {}, space::kScoresShape, dims};
  return {"relative_bias.weight", space::spec_of(node).parameters(context).items[0],
          impl_of(node).initial(context, 0)};
}

}  // namespace

ModelParameters list_parameters(const space::Architecture& architecture,
                                std::vector<LayerPlan>& plans) {
  const space::ModelSpec& model = architecture.model;
  const InitialValues table{1.0 / std::sqrt(static_cast<double>(model.model_dim)), {0}};
  ModelParameters result;
  std::vector<LayerParameter>& all = result.all;

  result.embedding = all.size();
  all.push_back({"embedding.weight", {"weight", {model.vocab_size, model.model_dim}}, table});
  if (model.positions == space::Positions::kLearned) {
    result.positions = all.size();
    all.push_back({"positions.weight", {"weight", {model.max_len, model.model_dim}}, table});
  }
  if (model.positions == space::Positions::kT5) {
    result.relative_bias = all.size();
    all.push_back(relative_bias_table(architecture));
  }
  for (std::size_t layer = 0; layer < architecture.layers.size(); ++layer) {
    result.layers.push_back(all.size());
    std::vector<LayerParameter> own;
    plans.push_back(plan_layer(architecture, layer, own));
    for (LayerParameter& parameter : own) {
      parameter.name = "layers." + std::to_string(layer) + "." + parameter.name;
      all.push_back(std::move(parameter));
    }
    result.layer_counts.push_back(own.size());
  }
  result.norm = all.size();
  all.push_back({"final_norm.weight", {"weight", {model.model_dim, 0}}, {0, {1}}});
  if (model.final_norm == space::NormKind::kLayerNorm) {
    all.push_back({"final_norm.bias", {"bias", {model.model_dim, 0}}, {0, {0}}});
  }
  result.norm_count = all.size() - result.norm;
  if (!model.tied_head) {
    result.head = all.size();
    all.push_back({"head.weight", {"weight", {model.vocab_size, model.model_dim}}, table});
  }
  return result;
}

}  // namespace nas::nn
