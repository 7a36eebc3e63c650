#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::int64_t width(const NodeContext& context) {
  return static_cast<std::int64_t>(context.node.fields[causal_depthwise_conv_field::kWidth]);
}

std::int64_t channels(const NodeContext& context) { return parallel(context) * last_axis(context); }

// Width 1 is a trained scale and mixes no time.
TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  return node.fields[causal_depthwise_conv_field::kWidth] > 1 ? TimeMixing::kCausal
                                                              : TimeMixing::kTokenLocal;
}

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {channels(context), width(context)}});
  return list;
}

// A multiply-add for each tap and element; taps before the start multiply zeros and are counted.
double flops(const NodeContext& context) {
  return 2 * static_cast<double>(width(context)) * output_elements(context);
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  return "self.causal_conv(" + in[0] + ", " + weights[0] + ", " + std::to_string(width(context)) +
         ")";
}

}  // namespace

PrimitiveSpec causal_depthwise_conv_spec() {
  PrimitiveSpec spec;
  spec.name = "causal_depthwise_conv";
  spec.formula =
      "y[t] = sum over j < width of weight[channel, j] x[t - j], x = 0 before the start; a "
      "channel is one of (head, i) for heads; at first weight[:, 0] = 0.5, others 0.5 / width";
  spec.source = "So et al. 2021 (arXiv:2109.08668), multi-dconv-head attention";
  FieldSpec taps;
  taps.name = "width";
  taps.kind = FieldKind::kInteger;
  taps.min = 1;
  taps.max = 31;
  taps.fallback = 3;
  taps.help = "taps: the token itself and width - 1 before it";
  spec.fields = {taps};
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = mixing;
  spec.parameters = parameters;
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
