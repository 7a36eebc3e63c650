#include "nn/layer_plan.hpp"

#include <string>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/space/check.hpp"
#include "nn/attention.hpp"

namespace nas::nn {

namespace {

using space::ValueIndex;

at::Tensor run_node(const Step& step, const std::vector<at::Tensor>& values, const LayerPlan& plan,
                    const space::Dims& dims, TimeTables& tables) {
  std::array<at::Tensor, space::kMaxInputs> inputs;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) inputs[i] = values[step.inputs[i]];
  const space::NodeContext node{step.node, step.input_shapes, step.output_shape, dims};
  const ForwardContext context{node, std::span(inputs).first(step.inputs.size()), step.parameters,
                               plan.is_causal, tables};
  return step.impl->forward(context);
}

Step step_of(const space::Program& program, const space::CheckedProgram& checked,
             std::size_t index) {
  const space::Node& node = program.nodes[index];
  Step step;
  step.impl = &impl_of(node);
  step.node = node;
  step.output = program.value_of(index);
  step.output_shape = checked.shapes[step.output];
  const auto arity = static_cast<std::size_t>(space::spec_of(node).arity);
  for (std::size_t i = 0; i < arity; ++i) {
    step.inputs.push_back(node.inputs[i]);
    step.input_shapes.push_back(checked.shapes[node.inputs[i]]);
  }
  return step;
}

void list_parameters(const Step& step, const space::Dims& dims,
                     std::vector<LayerParameter>& parameters) {
  const space::PrimitiveSpec& spec = space::spec_of(step.node);
  if (spec.parameters == nullptr || spec.shares_parameters) return;
  const space::NodeContext context{step.node, step.input_shapes, step.output_shape, dims};
  const space::ParameterList list = spec.parameters(context);
  for (std::size_t i = 0; i < static_cast<std::size_t>(list.count); ++i) {
    const space::ParameterShape& shape = list.items[i];
    parameters.push_back({"v" + std::to_string(step.output) + "." + shape.name, shape,
                          step.impl->initial(context, i)});
  }
}

std::size_t parameter_count(const Step& step, const space::Dims& dims) {
  std::vector<LayerParameter> parameters;
  list_parameters(step, dims, parameters);
  return parameters.size();
}

}  // namespace

LayerPlan plan_layer(const space::Architecture& architecture, std::size_t layer,
                     std::vector<LayerParameter>& parameters) {
  const space::Program& program = architecture.layers[layer].program;
  space::CheckRules rules;
  rules.allowed = space::allowed_mixing(architecture.model);
  space::CheckedProgram checked;
  NAS_ASSERT(space::check(program, rules, checked).kind == space::Rejection::Kind::kNone);

  LayerPlan plan;
  plan.value_count = program.value_count();
  plan.output = program.output;
  plan.dims = space::layer_dims(architecture, layer, 1, 1);
  plan.is_causal = rules.allowed == space::TimeMixing::kCausal;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    plan.steps.push_back(step_of(program, checked, i));
    list_parameters(plan.steps.back(), plan.dims, parameters);
  }
  return plan;
}

void attach_parameters(LayerPlan& plan, std::span<const at::Tensor> tensors,
                       const at::Tensor& relative_bias) {
  std::size_t next = 0;
  for (Step& step : plan.steps) {
    if (space::spec_of(step.node).shares_parameters) {
      NAS_ASSERT(relative_bias.defined());
      step.parameters = {relative_bias};
      continue;
    }
    const std::size_t count = parameter_count(step, plan.dims);
    NAS_ASSERT(next + count <= tensors.size());
    const auto mine = tensors.subspan(next, count);
    step.parameters.assign(mine.begin(), mine.end());
    next += count;
  }
  NAS_ASSERT(next == tensors.size());
}

void plan_releases(LayerPlan& plan) {
  std::vector<bool> is_read_later(plan.value_count, false);
  is_read_later[plan.output] = true;
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
    step->releases.clear();
    for (const ValueIndex input : step->inputs) {
      if (is_read_later[input]) continue;
      is_read_later[input] = true;
      step->releases.push_back(input);
    }
  }
}

at::Tensor run_plan(const LayerPlan& plan, at::Tensor x, TimeTables& tables) {
  space::Dims dims = plan.dims;
  dims.batch = x.size(0);
  dims.seq = x.size(1);
  std::vector<at::Tensor> values(plan.value_count);
  values[0] = std::move(x);
  for (const Step& step : plan.steps) {
    if (step.kind == Step::Kind::kAttention) {
      values[step.output] = attention(values[step.inputs[0]], values[step.inputs[1]],
                                      values[step.inputs[2]], step.scale, plan.is_causal);
    } else {
      values[step.output] = run_node(step, values, plan, dims, tables);
    }
    for (const ValueIndex value : step.releases) values[value] = at::Tensor();
  }
  return values[plan.output];
}

}  // namespace nas::nn
