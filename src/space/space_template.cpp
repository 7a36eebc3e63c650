#include "space/space_template.hpp"

#include "space/space_slot.hpp"

namespace nas::space {

bool SpaceTemplate::needs_even_head_dim(const Part& part, const Sample& sample) const {
  if (part.slot) return slot_may_hold_rope[*part.slot] || has_rope(sample.programs[*part.slot]);
  if (part.program) return has_rope(*part.program);
  return block_has_rope[static_cast<std::size_t>(part.block.value(sample))];
}

Program SpaceTemplate::layer_program(const LayerTemplate& layer, const Sample& sample) const {
  if (layer.whole) return program(layer, *layer.whole, sample);
  return nas::space::layer_program({program(layer, layer.mixer, sample),
                                    program(layer, layer.feed_forward, sample),
                                    static_cast<NormKind>(layer.norm.value(sample)),
                                    static_cast<NormPlace>(layer.norm_place.value(sample))});
}

RuleSizes SpaceTemplate::sizes(const LayerTemplate& layer, const Sample& sample) const {
  const auto dim = static_cast<double>(model_dim.value(sample));
  const auto heads = static_cast<double>(layer.heads.value(sample));
  return {{static_cast<double>(depth.value(sample)), dim, heads,
           static_cast<double>(layer.inner_dim.value(sample)), dim / heads}};
}

std::optional<std::size_t> SpaceTemplate::broken_rule(const Sample& sample) const {
  const std::size_t depth_in_use = depth_of(sample);
  const std::int64_t dim = model_dim.value(sample);
  for (std::size_t i = 0; i < depth_in_use; ++i) {
    const LayerTemplate& layer = layers[i];
    const std::int64_t heads = layer.heads.value(sample);
    if (dim % heads != 0) return kHeadsDivide;
    const bool is_odd = dim / heads % 2 != 0;
    if (is_odd && (layer.whole ? needs_even_head_dim(*layer.whole, sample)
                               : needs_even_head_dim(layer.mixer, sample) ||
                                     needs_even_head_dim(layer.feed_forward, sample))) {
      return kEvenHeadDim;
    }
    if (layer.whole && layer.whole->slot && dim % slot_divisor[*layer.whole->slot] != 0) {
      return kUnits;
    }
    const RuleSizes values = sizes(layer, sample);
    for (std::size_t rule = 0; rule < rules.size(); ++rule) {
      if (!rules[rule].holds(values)) return kFirstRule + rule;
    }
  }
  return std::nullopt;
}

std::string SpaceTemplate::rule_text(std::size_t rule) const {
  if (rule == kHeadsDivide) return "heads divides model_dim";
  if (rule == kEvenHeadDim) return "head_dim is even under rope";
  if (rule == kUnits) return "16, under rope 32, divides model_dim where a DNA evolves";
  return rules[rule - kFirstRule].text();
}

}  // namespace nas::space
