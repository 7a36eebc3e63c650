#include "nas/space/mutation.hpp"

#include <algorithm>
#include <array>

#include "nas/core/error.hpp"
#include "nas/space/canonical.hpp"
#include "space/dead_nodes.hpp"
#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

constexpr std::array kProgramKinds = {MutationKind::kInsert, MutationKind::kDelete,
                                      MutationKind::kDeleteInsert, MutationKind::kField,
                                      MutationKind::kSwap};

bool is_accepted(const Program& program, const CheckRules& rules, CheckedProgram& checked) {
  return check(program, rules, checked).kind == Rejection::Kind::kNone;
}

bool has_dead_nodes(const Program& program, const CheckedProgram& checked) {
  const auto first = checked.live.begin() + static_cast<std::ptrdiff_t>(program.inputs.size());
  return std::find(first, checked.live.end(), false) != checked.live.end();
}

/// A child of this kind, accepted or not; false when the kind does not apply.
bool propose(MutationKind kind, const MutationBase& base, const MutationRules& rules,
             DrawCursor& cursor, Program& child) {
  switch (kind) {
    case MutationKind::kInsert:
      return insert_node(base, rules, cursor, child);
    case MutationKind::kDelete:
      return delete_node(base, cursor, child);
    case MutationKind::kDeleteInsert: {
      MutationBase between;
      return delete_node(base, cursor, child) && make_base(child, rules.check, between) &&
             insert_node(between, rules, cursor, child);
    }
    case MutationKind::kField:
      return change_field(base, rules, cursor, child);
    case MutationKind::kSwap:
      return swap_nodes(base, rules, cursor, child);
    case MutationKind::kChoice:
    case MutationKind::kBank:
      return false;
  }
  return false;
}

bool attempt(MutationKind kind, const MutationBase& base, const MutationRules& rules,
             DrawCursor& cursor, Program& child) {
  if (!propose(kind, base, rules, cursor, child)) return false;
  CheckedProgram checked;
  if (!is_accepted(child, rules.check, checked)) return false;
  if (has_dead_nodes(child, checked)) drop_dead_nodes(child, checked.live);
  return true;
}

}  // namespace

const char* to_text(MutationKind kind) {
  switch (kind) {
    case MutationKind::kInsert:
      return "insert";
    case MutationKind::kDelete:
      return "delete";
    case MutationKind::kDeleteInsert:
      return "delete_insert";
    case MutationKind::kField:
      return "field";
    case MutationKind::kSwap:
      return "swap";
    case MutationKind::kChoice:
      return "choice";
    case MutationKind::kBank:
      return "bank";
  }
  NAS_ASSERT(false && "a mutation kind without a name");
}

bool make_base(const Program& program, const CheckRules& rules, MutationBase& base) {
  base.program = program;
  if (!is_accepted(base.program, rules, base.checked)) return false;
  if (!has_dead_nodes(base.program, base.checked)) return true;
  drop_dead_nodes(base.program, base.checked.live);
  return is_accepted(base.program, rules, base.checked);
}

bool mutate_program(const Program& parent, const MutationRules& rules, DrawCursor& cursor,
                    Program& child, MutationKind& kind) {
  MutationBase base;
  if (!make_base(parent, rules.check, base)) return false;
  const Program canonical_parent = canonical(base.program);
  for (int i = 0; i < rules.attempts; ++i) {
    if (i % kTriesOfAKind == 0) {
      kind = kProgramKinds[cursor.below(static_cast<std::uint32_t>(kProgramKinds.size()))];
    }
    if (!attempt(kind, base, rules, cursor, child)) continue;
    // The no-op guard. Canonical programs are equal exactly when their hashes are.
    if (canonical(child) != canonical_parent) return true;
  }
  return false;
}

bool try_mutation(MutationKind kind, const Program& parent, const MutationRules& rules,
                  DrawCursor& cursor, Program& child) {
  MutationBase base;
  return make_base(parent, rules.check, base) && attempt(kind, base, rules, cursor, child);
}

}  // namespace nas::space
