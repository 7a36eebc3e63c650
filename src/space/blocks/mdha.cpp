#include "space/blocks/block_text.hpp"

namespace nas::space {
namespace {

/// The convolution acts on the projection before it is split into heads, as in the paper's code;
/// rope comes last, since the convolution mixes tokens that rope would turn by different angles.
std::string text(const BlockOptions& options) {
  const auto head = [&options](const std::string& fields) {
    return "split_heads(causal_depthwise_conv(" + linear_text("x", options, fields) + "))";
  };
  return "program(x: [batch, seq, model_dim])\n"
         "  q = " +
         positioned_text(head("init=query"), options) +
         "\n"
         "  k = " +
         positioned_text(head(""), options) +
         "\n"
         "  v = " +
         head("") +
         "\n"
         "  weights = softmax(" +
         biased_text("matmul_nt(q, k)", options) + ")\n" + attended_text(options);
}

}  // namespace

/// The factor 1/sqrt(head_dim) is in q's initialisation (init=query), not applied at run time. Rope
/// is ours: Primer used T5's relative bias or learned positions.
BlockSpec mdha_block() {
  return {.slot = Slot::kMixer,
          .help =
              "multi-dconv-head attention: causal depthwise convolution of width 3 after each "
              "of the q, k and v projections",
          .source = "So et al. 2021 (arXiv:2109.08668), Primer",
          .text = text};
}

}  // namespace nas::space
