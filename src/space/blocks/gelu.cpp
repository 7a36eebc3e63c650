#include "space/blocks/block_text.hpp"

namespace nas::space {

BlockSpec gelu_block() {
  return {
      .slot = Slot::kFeedForward,
      .help = "feed-forward with GELU: linear(gelu(linear x))",
      .source = "Hendrycks and Gimpel 2016 (arXiv:1606.08415)",
      .text = [](const BlockOptions& options) { return feed_forward_text("gelu(h)", options); }};
}

}  // namespace nas::space
