#include "nas/space/blocks.hpp"

#include <limits>

#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

/// Builds a layer's program node by node.
class LayerBuilder {
 public:
  explicit LayerBuilder(NormKind norm)
      : norm_(primitive_index(norm == NormKind::kLayerNorm ? "layer_norm" : "rms_norm")),
        add_(primitive_index("add")) {}

  [[nodiscard]] ValueIndex norm(ValueIndex value) { return append(make_node(norm_, value)); }
  [[nodiscard]] ValueIndex add(ValueIndex first, ValueIndex second) {
    return append(make_node(add_, first, second));
  }
  /// The nodes of `block` with `value` for its input.
  [[nodiscard]] ValueIndex inlined(const Program& block, ValueIndex value) {
    NAS_ASSERT(block.inputs.size() == 1);
    const std::size_t first = program_.value_count();
    const auto moved = [&](ValueIndex index) {
      return index == 0 ? value : static_cast<ValueIndex>(first + index - 1);
    };
    for (Node node : block.nodes) {
      for (int i = 0; i < spec_of(node).arity; ++i) {
        auto& input = node.inputs[static_cast<std::size_t>(i)];
        input = moved(input);
      }
      static_cast<void>(append(node));
    }
    return moved(block.output);
  }
  [[nodiscard]] Program finished(ValueIndex output) {
    program_.output = output;
    return std::move(program_);
  }

 private:
  ValueIndex append(const Node& node) {
    if (program_.value_count() > std::numeric_limits<ValueIndex>::max()) {
      throw Error(ErrorKind::kConfig, "a layer of this mixer and feed-forward has more than " +
                                          std::to_string(program_.value_count()) + " values");
    }
    program_.nodes.push_back(node);
    return program_.value_of(program_.nodes.size() - 1);
  }

  std::uint16_t norm_;
  std::uint16_t add_;
  Program program_;
};

}  // namespace

Program block_program(const std::string& name, Slot slot, const BlockOptions& options) {
  const BlockSpec& block = blocks().at(name);
  if (block.slot != slot) {
    throw Error(ErrorKind::kConfig, "block \"" + name + "\" is a " +
                                        (slot == Slot::kMixer ? "feed-forward, not a mixer"
                                                              : "mixer, not a feed-forward"));
  }
  return program_from_text(block.text(options), "block " + name);
}

Program layer_program(const ShortLayer& layer) {
  LayerBuilder builder(layer.norm);
  constexpr ValueIndex kInput = 0;
  if (layer.norm_place == NormPlace::kPost) {
    const ValueIndex mixed = builder.inlined(layer.mixer, kInput);
    const ValueIndex hidden = builder.norm(builder.add(kInput, mixed));
    const ValueIndex fed = builder.inlined(layer.feed_forward, hidden);
    return builder.finished(builder.norm(builder.add(hidden, fed)));
  }
  const ValueIndex mixed = builder.inlined(layer.mixer, builder.norm(kInput));
  const ValueIndex hidden = builder.add(kInput, mixed);
  if (layer.norm_place == NormPlace::kPrimer) {
    const ValueIndex fed = builder.inlined(layer.feed_forward, hidden);
    return builder.finished(builder.add(hidden, builder.norm(fed)));
  }
  const ValueIndex fed = builder.inlined(layer.feed_forward, builder.norm(hidden));
  return builder.finished(builder.add(hidden, fed));
}

}  // namespace nas::space
