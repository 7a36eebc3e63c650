#include "nas/space/primitive_fields.hpp"
#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

bool is_tanh(const Node& node) {
  return node.fields[gelu_field::kApproximate] == static_cast<double>(GeluApproximate::kTanh);
}

// none: x / sqrt 2, erf, 1 + ., x ., 0.5 . = 5.
// tanh: x x, . x, 0.044715 ., x + ., sqrt(2 / pi) ., tanh, 1 + ., x ., 0.5 . = 9.
double flops(const NodeContext& context) {
  return (is_tanh(context.node) ? 9 : 5) * output_elements(context);
}

std::string torchscript(const NodeContext& context, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return "torch.gelu(" + in[0] + ", approximate=\"" + (is_tanh(context.node) ? "tanh" : "none") +
         "\")";
}

}  // namespace

PrimitiveSpec gelu_spec() {
  PrimitiveSpec spec = elementwise_unary("gelu", "y = x Phi(x), Phi the normal distribution");
  spec.source = "Hendrycks and Gimpel 2016 (arXiv:1606.08415)";
  spec.fields = {choice_field("approximate", {"none", "tanh"},
                              "none: Phi by erf; tanh: 0.5 (1 + tanh(sqrt(2/pi) (x + 0.044715 "
                              "x^3)))")};
  spec.flops = flops;
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
