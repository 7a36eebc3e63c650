#include "space/blocks/block_text.hpp"

namespace nas::space {

BlockSpec squared_relu_block() {
  return {.slot = Slot::kFeedForward,
          .help = "feed-forward with squared ReLU: linear(max(linear x, 0)^2)",
          .source = "So et al. 2021 (arXiv:2109.08668), Primer",
          .text = [](const BlockOptions& options) {
            return feed_forward_text("square(relu(h))", options);
          }};
}

}  // namespace nas::space
