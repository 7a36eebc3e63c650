#include <algorithm>

#include "space/presets/preset_parts.hpp"

namespace nas::space {
namespace {

/// Two thirds of the width without a gate, which keeps the number of weights; to the nearest
/// multiple of 8 (our choice: the paper's only width, 3072, gives 2048).
std::int64_t gated_inner_dim(std::int64_t inner_dim) {
  constexpr std::int64_t kMultiple = 8;
  const std::int64_t multiples = (2 * inner_dim + 3 * kMultiple / 2) / (3 * kMultiple);
  return std::max<std::int64_t>(multiples, 1) * kMultiple;
}

Architecture transformer_pp(const PresetSize& size) {
  PresetSize gated = size;
  gated.inner_dim = gated_inner_dim(size.inner_dim);
  return preset_stack(gated, {"t5_attention", "swish_glu", NormKind::kRmsNorm});
}

}  // namespace

PresetSpec transformer_pp_preset() {
  return {.help = "vanilla with RMSNorm and a SwiGLU feed-forward two thirds as wide",
          .source = "Transformer++ of So et al. 2021 (arXiv:2109.08668)",
          .make = transformer_pp};
}

}  // namespace nas::space
