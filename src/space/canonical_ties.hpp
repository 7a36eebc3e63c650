#pragma once

#include "space/canonical_rewrite.hpp"

namespace nas::space {

/// in_canonical_order for graphs in which some commutative node has two different operands of one
/// colour: two trained projections added, say. All values of `graph` must be live.
///
/// Colours are refined by users and operands until no class splits. While operands stay tied, each
/// member of the smallest tied class in turn gets a colour of its own; of the orders so reached
/// the lexicographically smallest program stands. Branches that an automorphism maps to ones
/// already seen are skipped (McKay 1981, "Practical graph isomorphism", in spirit). At most
/// kMaxTieBranches ends are visited: beyond, equal programs may get different orders, never
/// different programs the same.
[[nodiscard]] Program break_ties(const ColouredGraph& graph);

inline constexpr int kMaxTieBranches = 1024;

}  // namespace nas::space
