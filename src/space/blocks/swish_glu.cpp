#include "space/blocks/block_text.hpp"

namespace nas::space {

BlockSpec swish_glu_block() {
  return {.slot = Slot::kFeedForward,
          .help = "gated feed-forward: linear(silu(linear x) (linear x)), SwiGLU",
          .source = "Shazeer 2020 (arXiv:2002.05202)",
          .text = [](const BlockOptions& options) { return gated_text("silu(h)", options); }};
}

}  // namespace nas::space
