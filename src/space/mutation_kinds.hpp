#pragma once

#include "nas/space/mutation.hpp"
#include "nas/space/primitive.hpp"

namespace nas::space {

/// An accepted program without dead nodes, and its types: what each kind of mutation starts from.
struct MutationBase {
  Program program;
  CheckedProgram checked;  ///< of `program`
};

/// Copies the live part of `program`. False when the rules refuse it.
[[nodiscard]] bool make_base(const Program& program, const CheckRules& rules, MutationBase& base);

/// A drawn kind is tried this often before another is drawn: a kind whose children are refused more
/// often would otherwise be rarer.
inline constexpr int kTriesOfAKind = 10;

// Each kind draws a place and what to put there, and writes the result to `child`, which may have
// dead nodes and need not be accepted. Places and proposals that cannot type-check are drawn again
// a few times; false when none was found.

/// A node of the vocabulary on a uniformly drawn use of a value (or on the output). The primitive
/// is uniform among those that fit there, its second operand among earlier values that fit.
[[nodiscard]] bool insert_node(const MutationBase& base, const MutationRules& rules,
                               DrawCursor& cursor, Program& child);
/// A uniformly drawn node replaced by one of its inputs that fits all its uses.
[[nodiscard]] bool delete_node(const MutationBase& base, DrawCursor& cursor, Program& child);
/// One field of a uniformly drawn node redrawn.
[[nodiscard]] bool change_field(const MutationBase& base, const MutationRules& rules,
                                DrawCursor& cursor, Program& child);
/// Two nodes exchange their places in the graph: operands and uses. A node of two operands in the
/// place of one keeps its second operand where that stands earlier, else draws one; a node of one
/// operand in the place of two keeps one of them.
[[nodiscard]] bool swap_nodes(const MutationBase& base, const MutationRules& rules,
                              DrawCursor& cursor, Program& child);

/// Fields of a new node: each at its default or, as often, redrawn from there.
void draw_fields(Node& node, DrawCursor& cursor);
/// Another value of a field. Integers: a step of 1 or 2, or uniform. Reals: value * 10^X, plus Y
/// where the range has both signs, X, Y ~ N(0, 1) (Primer's constants), cut to the range and to
/// four decimal digits. Booleans and choices: another one.
[[nodiscard]] double redrawn_field(const FieldSpec& field, double value, DrawCursor& cursor);

/// Type of a node over values of the base; nothing when it does not type-check.
[[nodiscard]] std::optional<Shape> type_of(const Node& node, const std::vector<Shape>& shapes);
/// Whether the node itself, over values of the base, mixes time in an allowed way.
[[nodiscard]] bool mixing_is_allowed(const Node& node, const std::vector<Shape>& shapes,
                                     TimeMixing allowed);
/// Whether a value of this shape can stand in operand `operand` of a node: its type stays.
[[nodiscard]] bool use_accepts(const MutationBase& base, std::size_t node, std::size_t operand,
                               const Shape& shape);
/// Whether a value of this shape can stand for `value` in all its uses.
[[nodiscard]] bool uses_accept(const MutationBase& base, ValueIndex value, const Shape& shape);

}  // namespace nas::space
