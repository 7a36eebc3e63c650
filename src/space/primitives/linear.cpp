#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

bool has_bias(const Node& node) { return node.fields[linear_field::kBias] != 0; }

std::int64_t in_size(const NodeContext& context) {
  return context.dims.size(context.inputs[0].axes[2]);
}

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  const std::int64_t out = last_axis(context);
  list.add({"weight", {out, in_size(context)}});
  if (has_bias(context.node)) list.add({"bias", {out, 0}});
  return list;
}

// A multiply-add for each weight and token; the bias is one more add for each output.
double flops(const NodeContext& context) {
  const double outputs = output_elements(context);
  return 2 * outputs * static_cast<double>(in_size(context)) +
         (has_bias(context.node) ? outputs : 0);
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  std::string text = "torch.linear(" + in[0] + ", " + weights[0];
  if (has_bias(context.node)) text += ", " + weights[1];
  return text + ")";
}

}  // namespace

PrimitiveSpec linear_spec() {
  PrimitiveSpec spec;
  spec.name = "linear";
  spec.formula = "y = weight x + bias, weight [out, in]";
  spec.source = "common; init=query: So et al. 2021 (arXiv:2109.08668)";
  spec.fields = {choice_field("out", {"model_dim", "inner_dim"}, "size of the output"),
                 boolean_field("bias", "adds a trained vector, at first 0"),
                 choice_field("init", {"fan_in", "query", "zero"},
                              "standard deviation of a new weight: in^-1/2; in^-1/2 "
                              "head_dim^-1/2; 0")};
  spec.type = projection_shape;
  spec.accepts = kProjectedShapes;
  spec.mixing = token_local;
  spec.parameters = parameters;
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
