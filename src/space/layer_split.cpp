#include "space/layer_split.hpp"

#include "nas/space/primitive.hpp"

namespace nas::space {
namespace {

/// Nodes [first, last) of a layer as a block whose input is the layer's value `input` and whose
/// output is the value `output`; nothing when they use any other value.
std::optional<Program> cut_out(const Program& layer, std::size_t first, std::size_t last,
                               ValueIndex input, ValueIndex output) {
  const auto moved = [&](ValueIndex value) -> std::optional<ValueIndex> {
    if (value == input) return ValueIndex{0};
    const bool is_inside = value >= layer.value_of(first) && value < layer.value_of(last);
    if (!is_inside) return std::nullopt;
    return static_cast<ValueIndex>(value - layer.value_of(first) + 1);
  };
  Program block;
  for (std::size_t i = first; i < last; ++i) {
    Node node = layer.nodes[i];
    for (int k = 0; k < spec_of(node).arity; ++k) {
      const auto place = static_cast<std::size_t>(k);
      const std::optional<ValueIndex> value = moved(node.inputs[place]);
      if (!value) return std::nullopt;
      node.inputs[place] = *value;
    }
    block.nodes.push_back(node);
  }
  const std::optional<ValueIndex> result = moved(output);
  if (!result) return std::nullopt;
  block.output = *result;
  return block;
}

std::optional<ShortLayer> whole(const Program& layer, const std::optional<Program>& mixer,
                                const std::optional<Program>& feed_forward, NormKind norm,
                                NormPlace place) {
  if (!mixer || !feed_forward) return std::nullopt;
  ShortLayer parts{*mixer, *feed_forward, norm, place};
  if (layer_program(parts) != layer) return std::nullopt;
  return parts;
}

/// norm, mixer, add, norm, feed-forward, add: the last add's first operand is the first add.
std::optional<ShortLayer> split_pre(const Program& layer, NormKind norm) {
  const std::size_t count = layer.nodes.size();
  const Node& last = layer.nodes[count - 1];
  if (layer.is_input(last.inputs[0])) return std::nullopt;
  const std::size_t add = last.inputs[0] - layer.inputs.size();
  if (add < 1 || add + 2 >= count) return std::nullopt;
  return whole(layer, cut_out(layer, 1, add, layer.value_of(0), layer.nodes[add].inputs[1]),
               cut_out(layer, add + 2, count - 1, layer.value_of(add + 1), last.inputs[1]), norm,
               NormPlace::kPre);
}

/// norm, mixer, add, feed-forward, norm, add: the last add's first operand is the first add.
std::optional<ShortLayer> split_primer(const Program& layer, NormKind norm) {
  const std::size_t count = layer.nodes.size();
  const Node& last = layer.nodes[count - 1];
  if (layer.is_input(last.inputs[0])) return std::nullopt;
  const std::size_t add = last.inputs[0] - layer.inputs.size();
  if (add < 1 || add + 2 >= count) return std::nullopt;
  return whole(
      layer, cut_out(layer, 1, add, layer.value_of(0), layer.nodes[add].inputs[1]),
      cut_out(layer, add + 1, count - 2, layer.value_of(add), layer.nodes[count - 2].inputs[0]),
      norm, NormPlace::kPrimer);
}

/// mixer, add, norm, feed-forward, add, norm: the last add's first operand is the first norm.
std::optional<ShortLayer> split_post(const Program& layer, NormKind norm) {
  const std::size_t count = layer.nodes.size();
  const Node& last_add = layer.nodes[count - 2];
  if (layer.is_input(last_add.inputs[0])) return std::nullopt;
  const std::size_t first_norm = last_add.inputs[0] - layer.inputs.size();
  if (first_norm < 1 || first_norm + 2 >= count) return std::nullopt;
  return whole(
      layer, cut_out(layer, 0, first_norm - 1, 0, layer.nodes[first_norm - 1].inputs[1]),
      cut_out(layer, first_norm + 1, count - 2, layer.value_of(first_norm), last_add.inputs[1]),
      norm, NormPlace::kPost);
}

}  // namespace

std::optional<ShortLayer> split_layer(const Program& layer) {
  constexpr std::size_t kNormsAndAdds = 4;
  if (layer.inputs.size() != 1 || layer.nodes.size() < kNormsAndAdds) return std::nullopt;
  for (const NormKind norm : {NormKind::kLayerNorm, NormKind::kRmsNorm}) {
    if (auto parts = split_pre(layer, norm)) return parts;
    if (auto parts = split_post(layer, norm)) return parts;
    if (auto parts = split_primer(layer, norm)) return parts;
  }
  return std::nullopt;
}

}  // namespace nas::space
