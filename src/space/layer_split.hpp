#pragma once

#include <optional>

#include "nas/space/blocks.hpp"

namespace nas::space {

/// The parts of a layer laid out as layer_program() does: layer_program(*split_layer(p)) == p.
/// Nothing for any other layer.
[[nodiscard]] std::optional<ShortLayer> split_layer(const Program& layer);

}  // namespace nas::space
