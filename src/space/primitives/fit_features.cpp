#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::optional<Shape> type(std::span<const Shape> inputs, const Node& node) {
  if (!is_sequence(inputs[0])) return std::nullopt;
  const Axis branches = is_branched(inputs[0]) ? inputs[0].axes[1] : Axis::kNone;
  return sequence_of(branches,
                     units_axis(static_cast<int>(node.fields[fit_features_field::kUnits])));
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  const std::int64_t have = last_axis(context, context.inputs[0]);
  const std::int64_t wanted = last_axis(context);
  const std::int64_t copies = (wanted + have - 1) / have;
  std::string text = in[0];
  if (copies > 1) {
    text = "torch.cat([" + in[0];
    for (std::int64_t i = 1; i < copies; ++i) text += ", " + in[0];
    text += "], -1)";
  }
  return "torch.narrow(" + text + ", -1, 0, " + std::to_string(wanted) + ")";
}

}  // namespace

PrimitiveSpec fit_features_spec() {
  PrimitiveSpec spec;
  spec.name = "fit_features";
  spec.formula =
      "y[i] = x[i mod n], n the features of x: cut, or repeated in turn, to the wanted number";
  spec.source = "ours, for Primer's mismatched dimensions and for branches that are equal";
  spec.fields = {count_field("units", kMaxUnits, kUnitsOfModelDim,
                             "size of the output in units of model_dim / 16")};
  spec.type = type;
  spec.accepts = kSequenceShapes;
  spec.mixing = token_local;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  spec.is_structural = true;
  return spec;
}

}  // namespace nas::space
