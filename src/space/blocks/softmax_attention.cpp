#include "space/blocks/block_text.hpp"

namespace nas::space {
namespace {

std::string text(const BlockOptions& options) {
  const std::string head = "split_heads(" + linear_text("x", options) + ")";
  return "program(x: [batch, seq, model_dim])\n"
         "  q = " +
         positioned_text(head, options) +
         "\n"
         "  k = " +
         positioned_text(head, options) +
         "\n"
         "  v = " +
         head +
         "\n"
         "  weights = softmax(" +
         biased_text("scale_const(matmul_nt(q, k), by=inv_sqrt_head_dim)", options) + ")\n" +
         attended_text(options);
}

}  // namespace

BlockSpec softmax_attention_block() {
  return {.slot = Slot::kMixer,
          .help = "multi-head attention: softmax(q k^T / sqrt(head_dim)) v",
          .source = "Vaswani et al. 2017 (arXiv:1706.03762), eq. 1",
          .text = text};
}

}  // namespace nas::space
