#include <algorithm>
#include <span>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/torchscript.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nn/layer_plan.hpp"
#include "nn/model_parameters.hpp"
#include "nn/torchscript_methods.hpp"

namespace nas::nn {

namespace {

// A layer cannot see the model's table of relative positions, so the model hands it in.
constexpr const char* kSharedTable = "table";

bool reads_shared_table(const LayerPlan& plan) {
  return std::any_of(plan.steps.begin(), plan.steps.end(),
                     [](const Step& step) { return space::spec_of(step.node).shares_parameters; });
}

std::string value_name(PlanValue value) { return value == 0 ? "x" : "v" + std::to_string(value); }

/// One line: "    v3 = torch.linear(v2, self.v3.weight)".
std::string line_of(const Step& step) {
  const space::PrimitiveSpec& spec = space::spec_of(step.node);
  const space::NodeContext context{step.node, step.input_shapes, step.output_shape, step.dims};
  std::vector<std::string> inputs;
  inputs.reserve(step.inputs.size());
  for (const PlanValue input : step.inputs) inputs.push_back(value_name(input));
  std::vector<std::string> weights;
  if (spec.parameters != nullptr) {
    const std::string owner = "self." + value_name(step.outputs[0]) + ".";
    const space::ParameterList list = spec.parameters(context);
    for (std::size_t i = 0; i < static_cast<std::size_t>(list.count); ++i) {
      weights.push_back(spec.shares_parameters ? kSharedTable : owner + list.items[i].name);
    }
  }
  return "    " + value_name(step.outputs[0]) + " = " + spec.torchscript(context, inputs, weights) +
         "\n";
}

std::string layer_source(const LayerPlan& plan) {
  const std::string table =
      reads_shared_table(plan) ? std::string(", ") + kSharedTable + ": Tensor" : "";
  std::string text = "def forward(self, x: Tensor" + table + ") -> Tensor:\n";
  for (const Step& step : plan.steps) text += line_of(step);
  return text + "    return " + value_name(plan.output) + "\n" +
         torchscript_methods(plan.is_causal);
}

std::string model_source(const space::Architecture& architecture,
                         const std::vector<LayerPlan>& plans) {
  const space::ModelSpec& model = architecture.model;
  std::string text =
      "def forward(self, tokens: Tensor) -> Tensor:\n"
      "    x = torch.embedding(self.embedding.weight, tokens)\n";
  if (model.positions == space::Positions::kLearned) {
    text += "    x = x + torch.narrow(self.positions.weight, 0, 0, tokens.size(1))\n";
  }
  for (std::size_t layer = 0; layer < plans.size(); ++layer) {
    text += "    x = self.layer" + std::to_string(layer) + ".forward(x" +
            (reads_shared_table(plans[layer]) ? ", self.relative_bias.weight)\n" : ")\n");
  }
  const std::string sizes = "[" + std::to_string(model.model_dim) + "]";
  const std::string eps = format_exact(kFinalNormEps);
  if (model.final_norm == space::NormKind::kLayerNorm) {
    text += "    x = torch.layer_norm(x, " + sizes +
            ", self.final_norm.weight, self.final_norm.bias, " + eps + ")\n";
  } else {
    text += "    x = torch.rms_norm(x, " + sizes + ", self.final_norm.weight, " + eps + ")\n";
  }
  const std::string head = model.tied_head ? "embedding" : "head";
  return text + "    return torch.linear(x, self." + head + ".weight)\n";
}

}  // namespace

TorchscriptSource torchscript_source(const space::Architecture& architecture) {
  const space::Architecture lowered = space::canonical(architecture);
  std::vector<LayerPlan> plans;
  static_cast<void>(list_parameters(lowered, plans));
  TorchscriptSource source;
  source.model = model_source(lowered, plans);
  for (const LayerPlan& plan : plans) source.layers.push_back(layer_source(plan));
  return source;
}

}  // namespace nas::nn
