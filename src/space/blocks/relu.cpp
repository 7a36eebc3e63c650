#include "space/blocks/block_text.hpp"

namespace nas::space {

BlockSpec relu_block() {
  return {
      .slot = Slot::kFeedForward,
      .help = "feed-forward with ReLU: linear(max(linear x, 0))",
      .source = "Vaswani et al. 2017 (arXiv:1706.03762), eq. 2",
      .text = [](const BlockOptions& options) { return feed_forward_text("relu(h)", options); }};
}

}  // namespace nas::space
