#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::int64_t width(const NodeContext& context) {
  return static_cast<std::int64_t>(context.node.fields[causal_conv_field::kWidth]);
}

std::int64_t in_size(const NodeContext& context) {
  return context.dims.size(context.inputs[0].axes[2]);
}

// Width 1 is a linear map and mixes no time.
TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  return node.fields[causal_conv_field::kWidth] > 1 ? TimeMixing::kCausal : TimeMixing::kTokenLocal;
}

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {last_axis(context), in_size(context), width(context)}});
  return list;
}

// A multiply-add for each weight and token; taps before the start multiply zeros and are counted.
double flops(const NodeContext& context) {
  return 2 * output_elements(context) * static_cast<double>(in_size(context) * width(context));
}

// The rows that each token sees, side by side.
double saved_elements(const NodeContext& context) {
  if (width(context) == 1) return 0;
  return static_cast<double>(context.dims.elements(context.inputs[0]) * width(context));
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  return "self.dense_conv(" + in[0] + ", " + weights[0] + ", " + std::to_string(width(context)) +
         ")";
}

}  // namespace

PrimitiveSpec causal_conv_spec() {
  PrimitiveSpec spec;
  spec.name = "causal_conv";
  spec.formula =
      "y[t] = sum over j < width of weight[:, :, j] x[t - j], weight [out, in, width], x = 0 "
      "before "
      "the start; standard deviation of a new weight (in width)^-1/2";
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  FieldSpec taps;
  taps.name = "width";
  taps.kind = FieldKind::kInteger;
  taps.min = 1;
  taps.max = 31;
  taps.fallback = 3;
  taps.help = "taps: the token itself and width - 1 before it";
  spec.fields = {choice_field("out", {"model_dim", "inner_dim"}, "size of the output"), taps};
  spec.type = projection_shape;
  spec.accepts = kProjectedShapes;
  spec.mixing = mixing;
  spec.parameters = parameters;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
