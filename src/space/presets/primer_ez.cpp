#include "space/presets/preset_parts.hpp"

namespace nas::space {

PresetSpec primer_ez_preset() {
  return {.help = "vanilla with multi-dconv-head attention and squared ReLU",
          .source = "So et al. 2021 (arXiv:2109.08668)",
          .make = [](const PresetSize& size) {
            return preset_stack(size, {"mdha", "squared_relu"});
          }};
}

}  // namespace nas::space
