#include "space/blocks/block_text.hpp"

namespace nas::space {

BlockSpec geglu_block() {
  return {.slot = Slot::kFeedForward,
          .help = "gated feed-forward: linear(gelu(linear x) (linear x))",
          .source = "Shazeer 2020 (arXiv:2002.05202)",
          .text = [](const BlockOptions& options) { return gated_text("gelu(h)", options); }};
}

}  // namespace nas::space
