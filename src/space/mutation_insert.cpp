#include <algorithm>

#include "space/mutation_kinds.hpp"

namespace nas::space {

namespace {

constexpr int kPlaces = 4;
constexpr int kProposals = 16;

/// One use of a value: operand `operand` of node `node`, or the program's output.
struct Use {
  std::size_t node = 0;
  std::size_t operand = 0;
  bool is_output = false;
  ValueIndex value = 0;
};

Use draw_use(const Program& program, DrawCursor& cursor) {
  std::uint32_t count = 1;
  for (const Node& node : program.nodes) count += static_cast<std::uint32_t>(spec_of(node).arity);
  std::uint32_t rank = cursor.below(count);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const auto arity = static_cast<std::uint32_t>(spec_of(program.nodes[i]).arity);
    if (rank < arity) return {i, rank, false, program.nodes[i].inputs[rank]};
    rank -= arity;
  }
  return {program.nodes.size(), 0, true, program.output};
}

class Insertion {
 public:
  Insertion(const MutationBase& base, const MutationRules& rules, Use use)
      : base_(base), rules_(rules), use_(use) {}

  /// Draws a node that fits the use; false when it does not.
  bool draw(DrawCursor& cursor, Node& node) {
    const auto choices = static_cast<std::uint32_t>(rules_.vocabulary.size());
    node = make_node(rules_.vocabulary[cursor.below(choices)], use_.value, use_.value);
    draw_fields(node, cursor);
    if (spec_of(node).arity == 1) return fits(node);
    const std::size_t other = cursor.below(2);
    const std::size_t earlier = base_.program.inputs.size() + use_.node;
    fitting_.clear();
    for (std::size_t value = 0; value < earlier; ++value) {
      node.inputs[other] = static_cast<ValueIndex>(value);
      if (fits(node)) fitting_.push_back(static_cast<ValueIndex>(value));
    }
    if (fitting_.empty()) return false;
    node.inputs[other] = fitting_[cursor.below(static_cast<std::uint32_t>(fitting_.size()))];
    return true;
  }

  /// The program with the node just before its user.
  void apply(const Node& node, Program& child) const {
    child = base_.program;
    const ValueIndex made = child.value_of(use_.node);
    for (std::size_t i = use_.node; i < child.nodes.size(); ++i) {
      for (ValueIndex& input : child.nodes[i].inputs) {
        if (input >= made) ++input;
      }
    }
    if (child.output >= made) ++child.output;
    if (use_.is_output) {
      child.output = made;
    } else {
      child.nodes[use_.node].inputs[use_.operand] = made;
    }
    child.nodes.insert(child.nodes.begin() + static_cast<std::ptrdiff_t>(use_.node), node);
  }

 private:
  [[nodiscard]] bool fits(const Node& node) const {
    const std::vector<Shape>& shapes = base_.checked.shapes;
    const std::optional<Shape> shape = type_of(node, shapes);
    if (!shape || !mixing_is_allowed(node, shapes, rules_.check.allowed)) return false;
    if (*shape == shapes[use_.value]) return true;
    return !use_.is_output && use_accepts(base_, use_.node, use_.operand, *shape);
  }

  const MutationBase& base_;
  const MutationRules& rules_;
  Use use_;
  std::vector<ValueIndex> fitting_;
};

}  // namespace

bool insert_node(const MutationBase& base, const MutationRules& rules, DrawCursor& cursor,
                 Program& child) {
  const Program& program = base.program;
  if (rules.vocabulary.empty() ||
      program.nodes.size() >= static_cast<std::size_t>(std::max(rules.check.max_nodes, 0))) {
    return false;
  }
  for (int place = 0; place < kPlaces; ++place) {
    Insertion insertion(base, rules, draw_use(program, cursor));
    Node node;
    for (int proposal = 0; proposal < kProposals; ++proposal) {
      if (!insertion.draw(cursor, node)) continue;
      insertion.apply(node, child);
      return true;
    }
  }
  return false;
}

}  // namespace nas::space
