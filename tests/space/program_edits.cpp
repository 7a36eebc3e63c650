#include "space/program_edits.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"

namespace nas::test {

using space::CheckedProgram;
using space::FieldKind;
using space::FieldSpec;
using space::Node;
using space::Program;
using space::spec_of;
using space::ValueIndex;

namespace {

std::size_t arity_of(const Node& node) { return static_cast<std::size_t>(spec_of(node).arity); }

bool is_trained(const Node& node) {
  return spec_of(node).parameters != nullptr && !spec_of(node).shares_parameters;
}

/// A value equal to the given one by a rule: the given one where the rule does not apply.
using Wrap = ValueIndex (*)(ProgramEditor&, ValueIndex);

ValueIndex negated_twice(ProgramEditor& editor, ValueIndex value) {
  return editor.append("negate", editor.append("negate", value));
}

ValueIndex heads_round_trip(ProgramEditor& editor, ValueIndex value) {
  if (!editor.has_shape(value)) return value;
  if (editor.shape(value) == space::kHeadsShape) {
    return editor.append("split_heads", editor.append("merge_heads", value));
  }
  if (editor.shape(value) == space::kModelShape) {
    return editor.append("merge_heads", editor.append("split_heads", value));
  }
  return value;
}

ValueIndex maximum_of_itself(ProgramEditor& editor, ValueIndex value) {
  return editor.append("maximum", value, value);
}

ValueIndex minimum_of_itself(ProgramEditor& editor, ValueIndex value) {
  return editor.append("minimum", value, value);
}

ValueIndex scaled_by_one(ProgramEditor& editor, ValueIndex value) {
  return editor.append("scale_const", value);
}

/// An equal value made by another node, where the maker holds no parameters.
ValueIndex duplicated(ProgramEditor& editor, ValueIndex value) {
  if (editor.program().is_input(value)) return value;
  const Node made_by = editor.program().node_of(value);
  return is_trained(made_by) ? value : editor.append(made_by);
}

/// The value once more through its own maker, where that is idempotent.
ValueIndex once_more(ProgramEditor& editor, ValueIndex value) {
  if (editor.program().is_input(value)) return value;
  const std::string& name = name_of(editor.program().node_of(value));
  return name == "relu" || name == "abs" || name == "sign" ? editor.append(name.c_str(), value)
                                                           : value;
}

void wrap_random_use(ProgramEditor& editor, Wrap wrap) {
  const std::vector<ProgramEditor::Use> uses = editor.uses();
  const ProgramEditor::Use use = uses[editor.below(uses.size())];
  const ValueIndex wrapped = wrap(editor, editor.value_at(use));
  editor.set(use, wrapped);
}

void swap_commutative(ProgramEditor& editor) {
  std::size_t i = 0;
  if (!editor.draw_node([](const Node& node) { return spec_of(node).commutative; }, i)) return;
  std::swap(editor.node(i).inputs[0], editor.node(i).inputs[1]);
}

/// add(x, y) as subtract(x, negate y), subtract(x, y) as add(x, negate y).
void change_sum(ProgramEditor& editor) {
  std::size_t i = 0;
  const auto is_sum = [](const Node& node) {
    return name_of(node) == "add" || name_of(node) == "subtract";
  };
  if (!editor.draw_node(is_sum, i)) return;
  const bool is_add = name_of(editor.node(i)) == "add";
  const ValueIndex negated = editor.append("negate", editor.node(i).inputs[1]);
  editor.node(i).inputs[1] = negated;
  editor.node(i).primitive = space::primitive_index(is_add ? "subtract" : "add");
}

/// A negate or abs below an abs or square.
void hide_sign(ProgramEditor& editor) {
  std::size_t i = 0;
  const auto drops_sign = [](const Node& node) {
    static constexpr std::array kEven = {"abs", "abs_root", "log_abs", "square"};
    const auto has_name = [&](const char* name) { return name_of(node) == name; };
    return std::any_of(kEven.begin(), kEven.end(), has_name);
  };
  if (!editor.draw_node(drops_sign, i)) return;
  const ValueIndex hidden =
      editor.append(editor.below(2) == 0 ? "negate" : "abs", editor.node(i).inputs[0]);
  editor.node(i).inputs[0] = hidden;
}

void add_dead_node(ProgramEditor& editor) {
  static constexpr std::array kPrimitives = {"tanh", "add", "relu", "negate", "multiply"};
  const auto value = static_cast<ValueIndex>(editor.below(editor.program().value_count()));
  const Node node = space::make_node(
      space::primitive_index(kPrimitives[editor.below(kPrimitives.size())]), value, value);
  static_cast<void>(editor.append(node));
}

void rewrite_once(ProgramEditor& editor) {
  static constexpr std::array<Wrap, 7> kWraps = {
      negated_twice, heads_round_trip, maximum_of_itself, minimum_of_itself,
      scaled_by_one, duplicated,       once_more};
  static constexpr std::array<void (*)(ProgramEditor&), 4> kEdits = {swap_commutative, change_sum,
                                                                     hide_sign, add_dead_node};
  const std::uint32_t choice = editor.below(kWraps.size() + kEdits.size());
  if (choice < kWraps.size()) {
    wrap_random_use(editor, kWraps[choice]);
  } else {
    kEdits[choice - kWraps.size()](editor);
  }
}

double other_value(const FieldSpec& field, double value, ProgramEditor& editor) {
  const double step = field.kind == FieldKind::kReal ? (field.max - field.min) / 1000 : 1;
  const bool up = editor.below(2) == 0 ? value + step <= field.max : value - step < field.min;
  const double other = up ? value + step : value - step;
  return other == 0 && !field.zero_allowed ? other + step : other;
}

bool change_field(ProgramEditor& editor) {
  std::size_t i = 0;
  if (!editor.draw_node([](const Node& node) { return !spec_of(node).fields.empty(); }, i)) {
    return false;
  }
  const std::vector<FieldSpec>& fields = spec_of(editor.node(i)).fields;
  const std::size_t k = editor.below(fields.size());
  editor.node(i).fields[k] = other_value(fields[k], editor.node(i).fields[k], editor);
  return true;
}

/// One use of a trained node moved to a copy of it.
bool copy_trained(ProgramEditor& editor) {
  const std::vector<ProgramEditor::Use> uses = editor.uses();
  std::vector<ProgramEditor::Use> shared;
  for (const ProgramEditor::Use& use : uses) {
    const ValueIndex value = editor.value_at(use);
    if (editor.program().is_input(value) || !is_trained(editor.program().node_of(value))) continue;
    const auto is_of_value = [&](const auto& other) { return editor.value_at(other) == value; };
    if (std::count_if(uses.begin(), uses.end(), is_of_value) > 1) shared.push_back(use);
  }
  if (shared.empty()) return false;
  const ProgramEditor::Use use = shared[editor.below(shared.size())];
  const ValueIndex copy = editor.append(Node(editor.program().node_of(editor.value_at(use))));
  editor.set(use, copy);
  return true;
}

/// One use of a trained node moved to another that only its parameters tell apart.
bool share_trained(ProgramEditor& editor) {
  std::vector<std::pair<ProgramEditor::Use, ValueIndex>> moves;
  for (const ProgramEditor::Use& use : editor.uses()) {
    const ValueIndex value = editor.value_at(use);
    if (editor.program().is_input(value) || !is_trained(editor.program().node_of(value))) continue;
    for (std::size_t i = 0; i < editor.program().nodes.size(); ++i) {
      const ValueIndex other = editor.program().value_of(i);
      if (other != value && editor.program().nodes[i] == editor.program().node_of(value)) {
        moves.emplace_back(use, other);
      }
    }
  }
  if (moves.empty()) return false;
  const auto& [use, other] = moves[editor.below(moves.size())];
  editor.set(use, other);
  return true;
}

bool replace_primitive(ProgramEditor& editor) {
  static constexpr std::array<const char*, 6> kUnary = {"tanh", "sigmoid", "exp",
                                                        "gelu", "silu",    "relu"};
  static constexpr std::array<const char*, 5> kBinary = {"add", "subtract", "multiply", "maximum",
                                                         "minimum"};
  std::size_t i = 0;
  const auto is_elementwise = [](const Node& node) {
    const auto has_name = [&](const char* name) { return name_of(node) == name; };
    return std::any_of(kUnary.begin(), kUnary.end(), has_name) ||
           std::any_of(kBinary.begin(), kBinary.end(), has_name);
  };
  if (!editor.draw_node(is_elementwise, i)) return false;
  Node& node = editor.node(i);
  const char* other = nullptr;
  do {
    other = arity_of(node) == 1 ? kUnary[editor.below(kUnary.size())]
                                : kBinary[editor.below(kBinary.size())];
  } while (name_of(node) == other);
  node = space::make_node(space::primitive_index(other), node.inputs[0], node.inputs[1]);
  return true;
}

bool rewire(ProgramEditor& editor) {
  const std::vector<ProgramEditor::Use> uses = editor.uses();
  const ProgramEditor::Use use = uses[editor.below(uses.size())];
  const std::size_t earlier = use.node == ProgramEditor::Use::kOutput
                                  ? editor.program().value_count()
                                  : editor.program().inputs.size() + use.node;
  std::vector<ValueIndex> others;
  for (std::size_t value = 0; value < earlier; ++value) {
    const auto other = static_cast<ValueIndex>(value);
    if (other != editor.value_at(use) &&
        editor.shape(other) == editor.shape(editor.value_at(use))) {
      others.push_back(other);
    }
  }
  if (others.empty()) return false;
  editor.set(use, others[editor.below(others.size())]);
  return true;
}

bool swap_ordered(ProgramEditor& editor) {
  std::size_t i = 0;
  const auto is_ordered = [](const Node& node) {
    return arity_of(node) == 2 && !spec_of(node).commutative && node.inputs[0] != node.inputs[1];
  };
  if (!editor.draw_node(is_ordered, i)) return false;
  std::swap(editor.node(i).inputs[0], editor.node(i).inputs[1]);
  return true;
}

/// A reduction over time in place of one over features or the reverse; where the program has none,
/// a product that sums over the other axis of its second operand.
bool change_axis(ProgramEditor& editor) {
  const auto has_name = [](const char* first, const char* second) {
    return [=](const Node& node) { return name_of(node) == first || name_of(node) == second; };
  };
  const char* other = "matmul";
  std::size_t i = 0;
  if (editor.draw_node(has_name("reduce", "reduce_time"), i)) {
    other = name_of(editor.node(i)) == "reduce" ? "reduce_time" : "reduce";
  } else if (editor.draw_node(has_name("matmul", "matmul_nt"), i)) {
    if (name_of(editor.node(i)) == "matmul") other = "matmul_nt";
  } else {
    return false;
  }
  const Node before = editor.node(i);
  Node after = space::make_node(space::primitive_index(other), before.inputs[0], before.inputs[1]);
  if (name_of(before).starts_with("reduce")) after.fields[0] = before.fields[0];  // the operation
  editor.node(i) = after;
  return true;
}

}  // namespace

const std::string& name_of(const Node& node) { return spec_of(node).name; }

ProgramEditor::ProgramEditor(Program program, DrawCursor& cursor)
    : program_(std::move(program)), cursor_(cursor) {
  space::CheckRules rules;
  rules.allowed = space::TimeMixing::kBidirectional;
  CheckedProgram checked;
  NAS_ASSERT(space::check(program_, rules, checked).kind == space::Rejection::Kind::kNone);
  shapes_ = std::move(checked.shapes);
}

std::vector<ProgramEditor::Use> ProgramEditor::uses() const {
  std::vector<Use> all;
  for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
    for (std::size_t k = 0; k < arity_of(program_.nodes[i]); ++k) all.push_back({i, k});
  }
  all.push_back({Use::kOutput, 0});
  return all;
}

ValueIndex ProgramEditor::value_at(const Use& use) const {
  return use.node == Use::kOutput ? program_.output : program_.nodes[use.node].inputs[use.operand];
}

void ProgramEditor::set(const Use& use, ValueIndex value) {
  if (use.node == Use::kOutput) {
    program_.output = value;
  } else {
    program_.nodes[use.node].inputs[use.operand] = value;
  }
}

ValueIndex ProgramEditor::append(const Node& node) {
  program_.nodes.push_back(node);
  return program_.value_of(program_.nodes.size() - 1);
}

ValueIndex ProgramEditor::append(const char* primitive, ValueIndex first, ValueIndex second) {
  return append(space::make_node(space::primitive_index(primitive), first, second));
}

std::uint32_t ProgramEditor::below(std::size_t count) {
  return cursor_.below(static_cast<std::uint32_t>(count));
}

bool ProgramEditor::draw_node(const std::function<bool(const Node&)>& condition,
                              std::size_t& node) {
  std::vector<std::size_t> candidates;
  for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
    if (condition(program_.nodes[i])) candidates.push_back(i);
  }
  if (candidates.empty()) return false;
  node = candidates[below(candidates.size())];
  return true;
}

Program ProgramEditor::finished() {
  const std::size_t inputs = program_.inputs.size();
  Program sorted;
  sorted.inputs = program_.inputs;
  std::vector<std::size_t> to(program_.value_count(), program_.value_count());
  for (std::size_t i = 0; i < inputs; ++i) to[i] = i;
  std::vector<std::size_t> waiting(program_.nodes.size());
  std::iota(waiting.begin(), waiting.end(), std::size_t{0});
  while (!waiting.empty()) {
    std::vector<std::size_t> ready;
    for (std::size_t w = 0; w < waiting.size(); ++w) {
      const Node& node = program_.nodes[waiting[w]];
      bool is_ready = true;
      for (std::size_t k = 0; k < arity_of(node); ++k) {
        is_ready = is_ready && to[node.inputs[k]] < program_.value_count();
      }
      if (is_ready) ready.push_back(w);
    }
    NAS_ASSERT(!ready.empty());
    const std::size_t w = ready[below(ready.size())];
    Node node = program_.nodes[waiting[w]];
    for (std::size_t k = 0; k < arity_of(node); ++k) {
      node.inputs[k] = static_cast<ValueIndex>(to[node.inputs[k]]);
    }
    to[inputs + waiting[w]] = inputs + sorted.nodes.size();
    sorted.nodes.push_back(node);
    waiting.erase(waiting.begin() + static_cast<std::ptrdiff_t>(w));
  }
  sorted.output = static_cast<ValueIndex>(to[program_.output]);
  return sorted;
}

Program rewritten_at_random(const Program& program, DrawCursor& cursor) {
  ProgramEditor editor(program, cursor);
  const std::uint32_t count = 1 + cursor.below(6);
  for (std::uint32_t i = 0; i < count; ++i) rewrite_once(editor);
  return editor.finished();
}

bool near_miss(NearMiss kind, const Program& program, DrawCursor& cursor, Program& changed) {
  ProgramEditor editor(program, cursor);
  bool applied = false;
  switch (kind) {
    case NearMiss::kOperandsSwapped:
      applied = swap_ordered(editor);
      break;
    case NearMiss::kFieldChanged:
      applied = change_field(editor);
      break;
    case NearMiss::kCopied:
      applied = copy_trained(editor);
      break;
    case NearMiss::kShared:
      applied = share_trained(editor);
      break;
    case NearMiss::kPrimitiveReplaced:
      applied = replace_primitive(editor);
      break;
    case NearMiss::kRewired:
      applied = rewire(editor);
      break;
    case NearMiss::kAxisChanged:
      applied = change_axis(editor);
      break;
  }
  if (applied) changed = editor.finished();
  return applied;
}

}  // namespace nas::test
