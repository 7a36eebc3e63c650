#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.add(" + in[0] + ", " + torch_real(context.node.fields[shift_const_field::kValue]) +
         ")";
}

}  // namespace

PrimitiveSpec shift_const_spec() {
  PrimitiveSpec spec = elementwise_unary("shift_const", "y = x + value");
  FieldSpec value;
  value.name = "value";
  value.kind = FieldKind::kReal;
  value.min = -1e4;
  value.max = 1e4;
  value.fallback = 1;
  value.help = "what is added";
  spec.fields = {value};
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
