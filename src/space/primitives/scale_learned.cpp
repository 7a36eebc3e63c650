#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

ParameterList parameters(const NodeContext& context) { return learned_vector(context, "weight"); }

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> weights) {
  return "torch.mul(" + in[0] + ", " + broadcast_vector(context, weights[0]) + ")";
}

}  // namespace

PrimitiveSpec scale_learned_spec() {
  PrimitiveSpec spec =
      elementwise_unary("scale_learned", "y = weight x, weight trained, at first 1");
  spec.type = learned_vector_shape;
  spec.accepts = std::string(kSequenceShapes) + ", or [batch, heads, seq, seq]";
  spec.parameters = parameters;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
