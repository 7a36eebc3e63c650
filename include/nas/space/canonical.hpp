#pragma once

#include "nas/core/hash.hpp"
#include "nas/space/program.hpp"

namespace nas::space {

/// The one program that stands for all that compute the same by these rules, none of which
/// changes a rounding of the forward pass:
/// dead nodes dropped; negate(negate x) = x; transpose(transpose x) = x; merge_heads(split_heads x)
/// and split_heads(merge_heads x) = x; relu, abs, sign idempotent; abs, square, abs_root and
/// log_abs drop a negate or abs before them; maximum(x, x) = minimum(x, x) = x; subtract(x, negate
/// y) = add(x, y) and add(x, negate y) = subtract(x, y); scale_const by 1 = x; equal subtrees
/// without parameters merged (subtrees that hold parameters of their own never are); inputs of
/// commutative nodes and the nodes themselves in an order that depends only on the graph (colour
/// refinement with individualised ties; at most 1024 orders are compared, which only programs built
/// to be symmetric exceed). Sums of two negated values, which the rules write in three ways, become
/// subtract(negate a, b) with as few negate nodes as possible. Never has more nodes than the
/// program. Idempotent. Needs an accepted program.
[[nodiscard]] Program canonical(const Program& program);

/// Hash of an already canonical program: equal programs have equal hashes.
[[nodiscard]] Hash128 hash_canonical(const Program& program);

/// hash_canonical(canonical(program)).
[[nodiscard]] Hash128 hash_of(const Program& program);

}  // namespace nas::space
