#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

int units(const Node& node) { return static_cast<int>(node.fields[branched_conv_field::kUnits]); }

int width(const Node& node) { return static_cast<int>(node.fields[branched_conv_field::kWidth]); }

std::optional<Shape> type(std::span<const Shape> inputs, const Node& node) {
  if (!is_sequence(inputs[0])) return std::nullopt;
  const Axis branches = is_branched(inputs[0]) ? inputs[0].axes[1] : Axis::kNone;
  return sequence_of(branches, units_axis(units(node)));
}

// Width 1 is a linear map and mixes no time.
TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  return width(node) > 1 ? TimeMixing::kCausal : TimeMixing::kTokenLocal;
}

// Features that one output sees: those of the token and of width - 1 before it.
std::int64_t in_size(const NodeContext& context) {
  return width(context.node) * last_axis(context, context.inputs[0]);
}

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {parallel(context) * last_axis(context), in_size(context)}});
  return list;
}

// A multiply-add for each weight and token; taps before the start multiply zeros and are counted.
double flops(const NodeContext& context) {
  return 2 * output_elements(context) * static_cast<double>(in_size(context));
}

// The taps side by side, in_size features for each token and branch.
double saved_elements(const NodeContext& context) {
  if (width(context.node) == 1) return 0;
  return rows(context) * static_cast<double>(in_size(context));
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  std::string x = in[0];
  if (width(context.node) > 1) {
    x = "torch.cat([" + in[0];
    for (int j = 1; j < width(context.node); ++j) {
      x += ", self.shift_time(" + in[0] + ", " + std::to_string(j) + ")";
    }
    x += "], -1)";
  }
  if (is_tokens(context.output)) return "torch.linear(" + x + ", " + weights[0] + ")";
  return "torch.matmul(" + x + ", torch.transpose(torch.reshape(" + weights[0] + ", [" +
         std::to_string(parallel(context)) + ", " + std::to_string(last_axis(context)) + ", " +
         std::to_string(in_size(context)) + "]), -2, -1))";
}

}  // namespace

PrimitiveSpec branched_conv_spec() {
  PrimitiveSpec spec;
  spec.name = "branched_conv";
  spec.formula =
      "y[b, t] = sum over j < width of weight[b, j] x[b, t - j] for each branch or head b, x = 0 "
      "before the start; one weight for [batch, seq, features]";
  spec.source = "So et al. 2021 (arXiv:2109.08668), CONV WX1 under branching";
  spec.fields = {count_field("units", kMaxUnits, kUnitsOfModelDim,
                             "size of the output in units of model_dim / 16"),
                 count_field("width", 31, 1, "taps: the token itself and width - 1 before it")};
  spec.type = type;
  spec.accepts = kSequenceShapes;
  spec.mixing = mixing;
  spec.parameters = parameters;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  spec.is_structural = true;
  return spec;
}

}  // namespace nas::space
