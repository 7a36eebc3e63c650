#include <algorithm>
#include <cmath>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/dna.hpp"
#include "space/mutation_kinds.hpp"

namespace nas::space {
namespace {

constexpr std::array kDnaKinds = {MutationKind::kInsert,       MutationKind::kDelete,
                                  MutationKind::kDeleteInsert, MutationKind::kField,
                                  MutationKind::kSwap,         MutationKind::kBank};

template <class Size>
std::uint16_t below(DrawCursor& cursor, Size count) {
  return static_cast<std::uint16_t>(cursor.below(static_cast<std::uint32_t>(count)));
}

/// A value below `count` other than `current`; `current` when there is none.
template <class Size>
std::uint16_t other_below(DrawCursor& cursor, Size count, std::uint16_t current) {
  if (count < 2) return current;
  const std::uint16_t drawn = below(cursor, count - 1);
  return drawn < current ? drawn : static_cast<std::uint16_t>(drawn + 1);
}

std::size_t instruction_count(const Dna& dna) {
  std::size_t count = 0;
  for (const Subprogram& subprogram : dna.subprograms) count += subprogram.instructions.size();
  return count;
}

/// An instruction of any subprogram, each as likely; only when there is one.
struct Spot {
  std::size_t subprogram = 0;
  std::size_t at = 0;
};

Spot draw_spot(const Dna& dna, DrawCursor& cursor) {
  std::size_t rank = below(cursor, instruction_count(dna));
  Spot spot;
  while (rank >= dna.subprograms[spot.subprogram].instructions.size()) {
    rank -= dna.subprograms[spot.subprogram++].instructions.size();
  }
  spot.at = rank;
  return spot;
}

/// An operation of the vocabulary or a call of a later subprogram, each as likely.
std::uint16_t draw_operation(const Dna& dna, const DnaRules& rules, std::size_t subprogram,
                             DrawCursor& cursor) {
  const std::size_t later = dna.subprograms.size() - 1 - subprogram;
  const std::size_t drawn = below(cursor, rules.operations.size() + later);
  if (drawn < rules.operations.size()) return rules.operations[drawn];
  return static_cast<std::uint16_t>(dna_operations().size() + subprogram + 1 + drawn -
                                    rules.operations.size());
}

Instruction draw_instruction(const Dna& dna, const DnaRules& rules, const Spot& spot,
                             DrawCursor& cursor) {
  Instruction made;
  made.operation = draw_operation(dna, rules, spot.subprogram, cursor);
  for (std::uint16_t& input : made.inputs) input = below(cursor, spot.at + 2);
  made.constant = below(cursor, dna.constants.size());
  made.dim = below(cursor, dna.dims.size());
  made.branching = below(cursor, kBranchings.size());
  return made;
}

/// References to instruction `at` and later ones, moved by `change` lines.
void renumber(std::vector<Instruction>& lines, std::size_t from, std::size_t at, int change) {
  for (std::size_t i = from; i < lines.size(); ++i) {
    for (std::uint16_t& input : lines[i].inputs) {
      if (input >= at + 2) input = static_cast<std::uint16_t>(input + change);
    }
  }
}

/// A line that one later operand, or the subprogram's result, reads in place of what it read; the
/// new line reads that value.
bool insert_line(const DnaRules& rules, DrawCursor& cursor, Dna& child) {
  if (instruction_count(child) >= static_cast<std::size_t>(rules.max_instructions)) return false;
  Spot spot;
  spot.subprogram = below(cursor, child.subprograms.size());
  std::vector<Instruction>& lines = child.subprograms[spot.subprogram].instructions;
  spot.at = below(cursor, lines.size() + 1);
  Instruction made = draw_instruction(child, rules, spot, cursor);
  if (spot.at == lines.size()) {
    made.inputs[0] = static_cast<std::uint16_t>(lines.empty() ? 0 : lines.size() + 1);
    lines.push_back(made);
    return true;
  }
  const std::size_t operand = cursor.below(2);
  made.inputs[0] = lines[spot.at].inputs[operand];
  renumber(lines, spot.at, spot.at, 1);
  lines.insert(lines.begin() + static_cast<std::ptrdiff_t>(spot.at), made);
  lines[spot.at + 1].inputs[operand] = static_cast<std::uint16_t>(spot.at + 2);
  return true;
}

/// What read the line reads its first input instead; of a last line, the line before becomes the
/// result.
bool delete_line(DrawCursor& cursor, Dna& child) {
  if (instruction_count(child) == 0) return false;
  const Spot spot = draw_spot(child, cursor);
  std::vector<Instruction>& lines = child.subprograms[spot.subprogram].instructions;
  const std::uint16_t instead = lines[spot.at].inputs[0];
  const auto removed = static_cast<std::uint16_t>(spot.at + 2);
  for (std::size_t i = spot.at + 1; i < lines.size(); ++i) {
    for (std::uint16_t& input : lines[i].inputs) {
      if (input == removed) input = instead;
    }
  }
  renumber(lines, spot.at + 1, spot.at + 1, -1);
  lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(spot.at));
  return true;
}

/// One of the five arguments and the operation, as Primer's "Mutate Field".
bool change_argument(const DnaRules& rules, DrawCursor& cursor, Dna& child) {
  if (instruction_count(child) == 0) return false;
  const Spot spot = draw_spot(child, cursor);
  Instruction& line = child.subprograms[spot.subprogram].instructions[spot.at];
  const Instruction before = line;
  switch (cursor.below(6)) {
    case 0:
      line.operation = draw_operation(child, rules, spot.subprogram, cursor);
      break;
    case 1:
    case 2: {
      std::uint16_t& input = line.inputs[cursor.below(2)];
      input = other_below(cursor, spot.at + 2, input);
      break;
    }
    case 3:
      line.constant = other_below(cursor, child.constants.size(), line.constant);
      break;
    case 4:
      line.dim = other_below(cursor, child.dims.size(), line.dim);
      break;
    default:
      line.branching = other_below(cursor, kBranchings.size(), line.branching);
  }
  return line != before;
}

/// Two lines change places; each takes over the other's inputs, so that every line still reads what
/// is made before it. Its own inverse.
bool swap_lines(DrawCursor& cursor, Dna& child) {
  if (instruction_count(child) == 0) return false;
  const Spot first = draw_spot(child, cursor);
  std::vector<Instruction>& lines = child.subprograms[first.subprogram].instructions;
  if (lines.size() < 2) return false;
  const std::size_t second =
      other_below(cursor, lines.size(), static_cast<std::uint16_t>(first.at));
  if (lines[first.at] == lines[second]) return false;
  std::swap(lines[first.at], lines[second]);
  std::swap(lines[first.at].inputs, lines[second].inputs);
  return true;
}

double redrawn_constant(double value, DrawCursor& cursor) {
  FieldSpec field;
  field.kind = FieldKind::kReal;
  field.min = -kMaxConstant;
  field.max = kMaxConstant;
  return redrawn_field(field, value, cursor);
}

bool change_bank(DrawCursor& cursor, Dna& child) {
  const std::size_t drawn = below(cursor, child.constants.size() + child.dims.size());
  if (drawn < child.constants.size()) {
    double& constant = child.constants[drawn];
    constant = redrawn_constant(constant, cursor);
    return true;
  }
  std::uint16_t& dim = child.dims[drawn - child.constants.size()];
  const auto place = std::find(kDnaDims.begin(), kDnaDims.end(), dim) - kDnaDims.begin();
  dim = kDnaDims[other_below(cursor, kDnaDims.size(), static_cast<std::uint16_t>(place))];
  return true;
}

}  // namespace

bool try_dna_mutation(MutationKind kind, const Dna& parent, const DnaRules& rules,
                      DrawCursor& cursor, Dna& child) {
  child = parent;
  switch (kind) {
    case MutationKind::kInsert:
      return insert_line(rules, cursor, child);
    case MutationKind::kDelete:
      return delete_line(cursor, child);
    case MutationKind::kDeleteInsert:
      return delete_line(cursor, child) && insert_line(rules, cursor, child);
    case MutationKind::kField:
      return change_argument(rules, cursor, child);
    case MutationKind::kSwap:
      return swap_lines(cursor, child);
    case MutationKind::kBank:
      return change_bank(cursor, child);
    case MutationKind::kChoice:
      return false;
  }
  return false;
}

bool mutate_dna(const Dna& parent, const DnaRules& dna_rules, const MutationRules& rules,
                DrawCursor& cursor, Dna& child, MutationKind& kind) {
  const std::optional<Program> lowered = lower(parent, kMaxLoweredNodes);
  if (!lowered) return false;
  const Program before = canonical(*lowered);
  CheckedProgram checked;
  for (int i = 0; i < rules.attempts; ++i) {
    if (i % kTriesOfAKind == 0) {
      kind = kDnaKinds[cursor.below(static_cast<std::uint32_t>(kDnaKinds.size()))];
    }
    if (!try_dna_mutation(kind, parent, dna_rules, cursor, child)) continue;
    const std::optional<Program> program = lower(child, kMaxLoweredNodes);
    if (!program || check(*program, rules.check, checked).kind != Rejection::Kind::kNone) continue;
    if (canonical(*program) != before) return true;
  }
  return false;
}

}  // namespace nas::space
