#pragma once

#include <optional>

#include "nas/space/architecture.hpp"
#include "space/json_reader.hpp"

namespace nas::space {

/// {"preset": "primer_ez", "size": "small"}; layers, model_dim, inner_dim, heads, vocab_size and
/// positions replace those of the size. Faults are added; nothing when there are any.
[[nodiscard]] std::optional<Architecture> read_preset(const Json& json, Mistakes& mistakes);

}  // namespace nas::space
