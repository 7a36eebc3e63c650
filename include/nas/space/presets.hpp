#pragma once

#include <string>
#include <vector>

#include "nas/core/registry.hpp"
#include "nas/space/architecture.hpp"

namespace nas::space {

/// Sizes of a published architecture. Sources: So et al. 2021 (arXiv:2109.08668) and its code.
struct PresetSize {
  std::string name;  ///< "small", "medium", "large"
  std::int64_t layers = 6;
  std::int64_t model_dim = 512;
  std::int64_t inner_dim = 2048;  ///< of a feed-forward without a gate
  std::int64_t heads = 8;
  std::int64_t vocab_size = 32128;  ///< T5's
  Positions positions = Positions::kT5;
};

/// A published architecture at any sizes. One src/space/presets/<name>.cpp each, listed in
/// presets/builtin.cpp.
struct PresetSpec {
  std::string help;
  std::string source;
  Architecture (*make)(const PresetSize& size) = nullptr;
};

/// vanilla, transformer_pp, primer_ez, primer.
[[nodiscard]] const Registry<PresetSpec>& presets();
/// small, medium, large.
[[nodiscard]] const Registry<PresetSize>& preset_sizes();

/// A preset at one of the published sizes. Throws Error(kConfig) for an unknown name.
[[nodiscard]] Architecture preset_architecture(const std::string& name, const std::string& size);

}  // namespace nas::space
