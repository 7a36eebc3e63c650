#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

ParameterList parameters(const NodeContext& context) {
  ParameterList list;
  list.add({"weight", {last_axis(context), 0}});
  list.add({"bias", {last_axis(context), 0}});
  return list;
}

// An element: add to the sum, subtract the mean, square, add to the sum, times 1/root, times
// weight, plus bias = 7. A row: two divisions by n, plus eps, inverse root = 4.
double flops(const NodeContext& context) {
  return 7 * output_elements(context) + 4 * rows(context);
}

// Mean and inverse root of each row.
double saved_elements(const NodeContext& context) { return 2 * rows(context); }

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  return "torch.layer_norm(" + in[0] + ", [" + std::to_string(last_axis(context)) + "], " +
         weights[0] + ", " + weights[1] + ", " + torch_real(context.node.fields[norm_field::kEps]) +
         ")";
}

}  // namespace

PrimitiveSpec layer_norm_spec() {
  PrimitiveSpec spec;
  spec.name = "layer_norm";
  spec.formula =
      "y = weight (x - mean x) / sqrt(mean (x - mean x)^2 + eps) + bias, over the last axis";
  spec.source = "Ba et al. 2016 (arXiv:1607.06450)";
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
