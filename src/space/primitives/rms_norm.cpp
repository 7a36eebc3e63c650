#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {last_axis(context), 0}});
  return list;
}

// An element: square, add to the sum, times 1/root, times weight = 4. A row: division by n, plus
// eps, inverse root = 3.
double flops(const NodeContext& context) {
  return 4 * output_elements(context) + 3 * rows(context);
}

// Inverse root of each row.
double saved_elements(const NodeContext& context) { return rows(context); }

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  return "torch.rms_norm(" + in[0] + ", [" + std::to_string(last_axis(context)) + "], " +
         weights[0] + ", " + torch_real(context.node.fields[norm_field::kEps]) + ")";
}

}  // namespace

PrimitiveSpec rms_norm_spec() {
  PrimitiveSpec spec;
  spec.name = "rms_norm";
  spec.formula = "y = weight x / sqrt(mean x^2 + eps), over the last axis";
  spec.source = "Zhang and Sennrich 2019 (arXiv:1910.07467)";
  spec.fields = {epsilon_field()};
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = token_local;
  spec.parameters = parameters;
  spec.flops = flops;
  spec.saved_elements = saved_elements;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
