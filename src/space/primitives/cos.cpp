#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("cos", in);
}

}  // namespace

PrimitiveSpec cos_spec() {
  PrimitiveSpec spec = elementwise_unary("cos", "y = cos x");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
