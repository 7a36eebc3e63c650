#include "space/presets/preset_parts.hpp"

namespace nas::space {

PresetSpec vanilla_preset() {
  return {
      .help = "Transformer: attention, ReLU, LayerNorm before both",
      .source =
          "Raffel et al. 2020 (arXiv:1910.10683), T5's decoder; So et al. 2021 (arXiv:2109.08668)",
      .make = [](const PresetSize& size) {
        return preset_stack(size, {"t5_attention", "relu"});
      }};
}

}  // namespace nas::space
