#include "space/presets/preset_parts.hpp"

namespace nas::space {

const Registry<PresetSpec>& presets() {
  static const Registry<PresetSpec> table = [] {
    Registry<PresetSpec> all("preset");
    all.add("primer", primer_preset());
    all.add("primer_ez", primer_ez_preset());
    all.add("transformer_pp", transformer_pp_preset());
    all.add("vanilla", vanilla_preset());
    return all;
  }();
  return table;
}

const Registry<PresetSize>& preset_sizes() {
  static const Registry<PresetSize> table = [] {
    Registry<PresetSize> all("size of a preset");
    for (const PresetSize& size :
         {PresetSize{"small", 6, 512, 2048, 8}, PresetSize{"medium", 12, 768, 3072, 12},
          PresetSize{"large", 24, 1024, 8192, 16}}) {
      all.add(size.name, size);
    }
    return all;
  }();
  return table;
}

Architecture preset_architecture(const std::string& name, const std::string& size) {
  return presets().at(name).make(preset_sizes().at(size));
}

}  // namespace nas::space
