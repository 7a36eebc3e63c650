#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

int steps(const Node& node) { return static_cast<int>(node.fields[shift_time_field::kSteps]); }

TimeMixing mixing(std::span<const Shape> /*inputs*/, const Node& node) {
  return steps(node) < 0 ? TimeMixing::kBidirectional : TimeMixing::kCausal;
}

std::string leak(const Node& node) { return "reads x[t+" + std::to_string(-steps(node)) + "]"; }

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "self.shift_time(" + in[0] + ", " + std::to_string(steps(context.node)) + ")";
}

}  // namespace

PrimitiveSpec shift_time_spec() {
  PrimitiveSpec spec;
  spec.name = "shift_time";
  spec.formula = "y[t] = x[t - steps], 0 outside the sequence";
  spec.source = "common";
  FieldSpec field;
  field.name = "steps";
  field.kind = FieldKind::kInteger;
  field.min = -16;
  field.max = 16;
  field.fallback = 1;
  field.zero_allowed = false;
  field.help = "tokens to look back; negative looks ahead and suits bidirectional models only";
  spec.fields = {field};
  spec.type = sequence_shape;
  spec.accepts = kSequenceShapes;
  spec.mixing = mixing;
  spec.leak = leak;
  spec.flops = no_flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
