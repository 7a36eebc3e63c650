#include "space/primitives/rules.hpp"

namespace nas::space {

namespace {

std::string torchscript(const NodeContext& /*context*/, std::span<const std::string> in,
                        std::span<const std::string> /*weights*/) {
  return torch_call("sign", in);
}

}  // namespace

PrimitiveSpec sign_spec() {
  PrimitiveSpec spec =
      elementwise_unary("sign", "y = 1 where x > 0, -1 where x < 0, else 0; its gradient is 0");
  spec.source = "So et al. 2021 (arXiv:2109.08668), Primer's vocabulary";
  spec.torchscript = torchscript;
  return spec;
}

}  // namespace nas::space
