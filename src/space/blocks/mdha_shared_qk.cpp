#include "space/blocks/block_text.hpp"

namespace nas::space {
namespace {

std::string text(const BlockOptions& options) {
  return "program(x: [batch, seq, model_dim])\n"
         "  shared = causal_depthwise_conv(" +
         linear_text("x", options, "init=query") +
         ")\n"
         "  q = " +
         positioned_text("split_heads(linear(shared))", options) +
         "\n"
         "  k = " +
         positioned_text("split_heads(shared)", options) +
         "\n"
         "  v = split_heads(causal_depthwise_conv(" +
         linear_text("x", options) +
         "))\n"
         "  weights = softmax(" +
         biased_text("matmul_nt(q, k)", options) + ")\n" + attended_text(options);
}

}  // namespace

/// The map from k to q has no bias and mixes across heads. As in the paper's code the factor
/// 1/sqrt(head_dim) is in the first values of the shared projection, so that it shrinks k and q.
BlockSpec mdha_shared_qk_block() {
  return {.slot = Slot::kMixer,
          .help = "mdha whose q is a linear map of k: k = dconv(linear x), q = linear k",
          .source = "So et al. 2021 (arXiv:2109.08668), Primer",
          .text = text};
}

}  // namespace nas::space
