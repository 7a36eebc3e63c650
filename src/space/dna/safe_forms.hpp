#pragma once

#include <optional>

#include "space/dna/emitter.hpp"

namespace nas::space {

/// Functions that Primer's vocabulary writes in a way that overflows or divides by 0, as the
/// primitive that does not (specs C); the same in exact arithmetic, with other roundings.
/// a / b with a = e^s and b = RED SUM a, s scores: softmax s. max(a, b) with one of them 0 times
/// anything: relu of the other. Nothing for everything else.
[[nodiscard]] std::optional<Value> safe_form(Emitter& emitter, std::string_view primitive,
                                             const Value& a, const Value& b);

/// `node` applied to x; a shift of a scale of the z-score of tokens is a layer_norm.
[[nodiscard]] Value layer_norm_of(Emitter& emitter, const Node& node, const Value& x);

}  // namespace nas::space
