#include <cmath>

#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  double factor = context.node.fields[scale_const_field::kValue];
  if (context.node.fields[scale_const_field::kBy] ==
      static_cast<double>(ScaleBy::kInvSqrtHeadDim)) {
    factor *= 1.0 / std::sqrt(static_cast<double>(context.dims.head_dim));
  }
  return "torch.mul(" + in[0] + ", " + torch_real(factor) + ")";
}

}  // namespace

PrimitiveSpec scale_const_spec() {
  PrimitiveSpec spec = elementwise_unary("scale_const", "y = value by x");
  FieldSpec value;
  value.name = "value";
  value.kind = FieldKind::kReal;
  value.min = -1e4;
  value.max = 1e4;
  value.fallback = 1;
  value.help = "the factor";
  spec.fields = {value, choice_field("by", {"one", "inv_sqrt_head_dim"},
                                     "a second factor: 1 or head_dim^-1/2")};
  // Both factors are one constant when the program runs, so the elementwise 1 stands.
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
