#include "nn/layer_plan.hpp"

#include <string>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/ops/add_norm.hpp"
#include "nas/ops/depthwise_conv.hpp"
#include "nas/ops/elementwise.hpp"
#include "nas/ops/packed_linear.hpp"
#include "nas/ops/squared_relu.hpp"
#include "nas/space/check.hpp"
#include "nn/attention.hpp"

namespace nas::nn {

namespace {

at::Tensor run_node(const Step& step, const std::vector<at::Tensor>& values,
                    const space::Dims& dims, bool is_causal, TimeTables& tables) {
  std::array<at::Tensor, space::kMaxInputs> inputs;
  for (std::size_t i = 0; i < step.inputs.size(); ++i) inputs[i] = values[step.inputs[i]];
  const space::NodeContext node{step.node, step.input_shapes, step.output_shape, dims};
  const ForwardContext context{
      node,  std::span(inputs).first(step.inputs.size()), step.parameters, step.narrow, is_causal,
      tables};
  return step.impl->forward(context);
}

/// Parameters in the dtype of an input.
std::vector<at::Tensor> weights_for(const Step& step, const at::Tensor& x) {
  if (x.scalar_type() == at::kBFloat16 && !step.narrow.empty()) return step.narrow;
  std::vector<at::Tensor> weights;
  weights.reserve(step.parameters.size());
  for (const at::Tensor& parameter : step.parameters) {
    weights.push_back(parameter.to(x.scalar_type()));
  }
  return weights;
}

void run_norm(const Step& step, std::vector<at::Tensor>& values) {
  const bool is_rms = step.parameters.size() == 1;
  const bool adds = step.inputs.size() == 2;
  const ops::AddedAndNormed result =
      ops::add_norm(values[step.inputs[0]], adds ? values[step.inputs[1]] : at::Tensor(),
                    {step.parameters[0], is_rms ? at::Tensor() : step.parameters[1], step.eps});
  values[step.outputs[0]] = result.y;
  if (adds) values[step.outputs[1]] = result.sum;
}

void run_projections(const Step& step, std::vector<at::Tensor>& values, const space::Dims& dims) {
  const at::Tensor& x = values[step.inputs[0]];
  const std::vector<at::Tensor> all = weights_for(step, x);
  const auto taps_begin = all.begin() + static_cast<std::ptrdiff_t>(step.outputs.size());
  const std::vector<at::Tensor> matrices(all.begin(), taps_begin);
  const at::Tensor packed = ops::packed_linear(x, matrices);
  std::vector<std::int64_t> sizes;
  sizes.reserve(matrices.size());
  for (const at::Tensor& matrix : matrices) sizes.push_back(matrix.size(0));
  const std::vector<at::Tensor> parts =
      step.convolves ? ops::depthwise_conv(packed, {taps_begin, all.end()}, step.finite)
                     : ops::split_last(packed, sizes);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    values[step.outputs[i]] =
        step.splits_heads ? parts[i].unflatten(2, {dims.heads, dims.head_dim}).transpose(1, 2)
                          : parts[i];
  }
}

at::Tensor run_chain(const Step& step, const std::vector<at::Tensor>& values) {
  std::vector<at::Tensor> inputs;
  inputs.reserve(step.inputs.size());
  for (const PlanValue input : step.inputs) inputs.push_back(values[input]);
  return ops::elementwise(step.chain, inputs);
}

Step step_of(const space::Program& program, const space::CheckedProgram& checked, std::size_t index,
             const space::Dims& dims) {
  const space::Node& node = program.nodes[index];
  Step step;
  step.impl = &impl_of(node);
  step.node = node;
  step.dims = dims;
  step.outputs = {program.value_of(index)};
  step.output_shape = checked.shapes[program.value_of(index)];
  const auto arity = static_cast<std::size_t>(space::spec_of(node).arity);
  for (std::size_t i = 0; i < arity; ++i) {
    step.inputs.push_back(node.inputs[i]);
    step.input_shapes.push_back(checked.shapes[node.inputs[i]]);
  }
  return step;
}

void list_parameters(const Step& step, std::vector<LayerParameter>& parameters) {
  const space::PrimitiveSpec& spec = space::spec_of(step.node);
  if (spec.parameters == nullptr || spec.shares_parameters) return;
  const space::NodeContext context{step.node, step.input_shapes, step.output_shape, step.dims};
  const space::ParameterList list = spec.parameters(context);
  for (std::size_t i = 0; i < static_cast<std::size_t>(list.count); ++i) {
    const space::ParameterShape& shape = list.items[i];
    parameters.push_back({"v" + std::to_string(step.outputs[0]) + "." + shape.name, shape,
                          step.impl->initial(context, i)});
  }
}

std::size_t parameter_count(const Step& step) {
  std::vector<LayerParameter> parameters;
  list_parameters(step, parameters);
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
  const space::Dims dims = space::layer_dims(architecture, layer, 1, 1);
  plan.is_causal = rules.allowed == space::TimeMixing::kCausal;
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    plan.steps.push_back(step_of(program, checked, i, dims));
    list_parameters(plan.steps.back(), parameters);
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
    const std::size_t count = parameter_count(step);
    NAS_ASSERT(next + count <= tensors.size());
    const auto mine = tensors.subspan(next, count);
    step.parameters.assign(mine.begin(), mine.end());
    next += count;
  }
  NAS_ASSERT(next == tensors.size());
}

LayerPlan join(std::vector<LayerPlan> layers) {
  NAS_ASSERT(!layers.empty());
  LayerPlan all = std::move(layers[0]);
  for (std::size_t i = 1; i < layers.size(); ++i) {
    LayerPlan& next = layers[i];
    // The next layer's input is this one's output; its other values follow.
    const auto number = [&](PlanValue value) {
      return value == 0 ? all.output : static_cast<PlanValue>(all.value_count) + value - 1;
    };
    for (Step& step : next.steps) {
      for (PlanValue& input : step.inputs) input = number(input);
      for (PlanValue& output : step.outputs) output = number(output);
      all.steps.push_back(std::move(step));
    }
    all.output = number(next.output);
    all.value_count += next.value_count - 1;
  }
  return all;
}

void plan_releases(LayerPlan& plan) {
  std::vector<bool> is_read_later(plan.value_count, false);
  is_read_later[plan.output] = true;
  for (auto step = plan.steps.rbegin(); step != plan.steps.rend(); ++step) {
    step->releases.clear();
    for (const PlanValue output : step->outputs) {
      if (!is_read_later[output]) step->releases.push_back(output);
    }
    for (const PlanValue input : step->inputs) {
      if (is_read_later[input]) continue;
      is_read_later[input] = true;
      step->releases.push_back(input);
    }
  }
}

at::Tensor run_plan(const LayerPlan& plan, at::Tensor x, TimeTables& tables) {
  std::vector<at::Tensor> values(plan.value_count);
  const std::int64_t batch = x.size(0);
  const std::int64_t seq = x.size(1);
  values[0] = std::move(x);
  for (const Step& step : plan.steps) {
    space::Dims dims = step.dims;
    dims.batch = batch;
    dims.seq = seq;
    switch (step.kind) {
      case Step::Kind::kNode:
        values[step.outputs[0]] = run_node(step, values, dims, plan.is_causal, tables);
        break;
      case Step::Kind::kSquaredRelu:
        values[step.outputs[0]] = ops::squared_relu(values[step.inputs[0]]);
        break;
      case Step::Kind::kAttention:
        values[step.outputs[0]] =
            attention(values[step.inputs[0]], values[step.inputs[1]], values[step.inputs[2]],
                      {step.scale, plan.is_causal, step.value_is_finite, plan.is_deterministic});
        break;
      case Step::Kind::kNorm:
        run_norm(step, values);
        break;
      case Step::Kind::kProjections:
        run_projections(step, values, dims);
        break;
      case Step::Kind::kElementwise:
        values[step.outputs[0]] = run_chain(step, values);
        break;
    }
    for (const PlanValue value : step.releases) values[value] = at::Tensor();
  }
  return values[plan.output];
}

}  // namespace nas::nn
