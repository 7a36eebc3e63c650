#include "space/blocks/block_text.hpp"

namespace nas::space {
namespace {

std::string text(const BlockOptions& options) {
  const auto head = [&options](const std::string& fields) {
    return "split_heads(" + linear_text("x", options, fields) + ")";
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

BlockSpec t5_attention_block() {
  return {.slot = Slot::kMixer,
          .help =
              "softmax_attention with 1 / sqrt(head_dim) in q's first values instead of the "
              "scores",
          .source = "Raffel et al. 2020 (arXiv:1910.10683), T5",
          .text = text};
}

}  // namespace nas::space
