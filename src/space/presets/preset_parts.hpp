#pragma once

#include "nas/space/blocks.hpp"
#include "nas/space/presets.hpp"

namespace nas::space {

/// What tells the layers of the presets apart.
struct PresetLayer {
  std::string mixer;
  std::string feed_forward;
  NormKind norm = NormKind::kLayerNorm;
  NormPlace norm_place = NormPlace::kPre;
};

/// Equal layers in the configuration of all comparisons of So et al. 2021, T5's: biases in the
/// feed-forwards and nowhere else, tied head, final norm of the layers' kind.
[[nodiscard]] Architecture preset_stack(const PresetSize& size, const PresetLayer& layer);

PresetSpec primer_preset();
PresetSpec primer_ez_preset();
PresetSpec transformer_pp_preset();
PresetSpec vanilla_preset();

}  // namespace nas::space
