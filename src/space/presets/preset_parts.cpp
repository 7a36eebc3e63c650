#include "space/presets/preset_parts.hpp"

namespace nas::space {

Architecture preset_stack(const PresetSize& size, const PresetLayer& layer) {
  const Program program =
      layer_program({block_program(layer.mixer, Slot::kMixer, {size.positions, false}),
                     block_program(layer.feed_forward, Slot::kFeedForward, {size.positions, true}),
                     layer.norm, layer.norm_place});
  Architecture architecture;
  architecture.model.vocab_size = size.vocab_size;
  architecture.model.model_dim = size.model_dim;
  architecture.model.positions = size.positions;
  architecture.model.final_norm = layer.norm;
  architecture.layers.assign(static_cast<std::size_t>(size.layers),
                             {size.heads, size.inner_dim, program});
  return architecture;
}

}  // namespace nas::space
