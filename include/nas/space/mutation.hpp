#pragma once

#include <string>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/check.hpp"

namespace nas::space {

/// Primer's mutations on a program (So et al. 2021, arXiv:2109.08668, section 3; specs B2), plus
/// the two kinds that act on a whole sample.
enum class MutationKind {
  kInsert,        ///< a new node on an edge; other operands drawn among earlier values that fit
  kDelete,        ///< a node replaced by one of its inputs
  kDeleteInsert,  ///< both, in this order
  kField,         ///< one field of one node
  kSwap,          ///< the places of two nodes, input references included
  kChoice,        ///< one finite choice of the space
  kBank,          ///< one value of a DNA's constant or dimension bank
};

[[nodiscard]] const char* to_text(MutationKind kind);

/// What mutation of a program may use.
struct MutationRules {
  CheckRules check;
  std::vector<std::uint16_t> vocabulary;  ///< primitives that may be inserted
  int attempts = 1000;                    ///< draws before giving up
};

/// A mutated program that passes the check and whose hash differs from the parent's (the no-op
/// guard); kind and place are uniform. Returns false when no attempt was accepted.
/// The child has no dead nodes but is not canonical. A parent that the rules refuse has no
/// mutations. Deterministic in (program, rules, cursor).
[[nodiscard]] bool mutate_program(const Program& parent, const MutationRules& rules,
                                  DrawCursor& cursor, Program& child, MutationKind& kind);

/// One attempt at one kind: false when it does not apply or the result is not accepted. Does not
/// compare hashes.
[[nodiscard]] bool try_mutation(MutationKind kind, const Program& parent,
                                const MutationRules& rules, DrawCursor& cursor, Program& child);

/// One-point crossover of two programs is not defined; crossover acts on samples, see space.hpp.
}  // namespace nas::space
