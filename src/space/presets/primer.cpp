#include "space/presets/preset_parts.hpp"

namespace nas::space {

/// Primer's own norm, (x - mean) / sqrt(mean(x (x - mean)) + eps), is LayerNorm written so that it
/// rounds worse (the mean of x (x - mean) may come out negative), so LayerNorm stands for it.
PresetSpec primer_preset() {
  return {.help = "primer_ez with q a linear map of k, and the feed-forward's norm after it",
          .source = "So et al. 2021 (arXiv:2109.08668)",
          .make = [](const PresetSize& size) {
            return preset_stack(size, {.mixer = "mdha_shared_qk",
                                       .feed_forward = "squared_relu",
                                       .norm_place = NormPlace::kPrimer});
          }};
}

}  // namespace nas::space
