#include "space/reference_equivalence.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "nas/space/primitive.hpp"

namespace nas::test {

namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

bool is(const ReferenceGraph& graph, std::size_t value, const char* op) {
  return !graph.is_input(value) && graph.at(value).op == op;
}

ReferenceGraph as_graph(const space::Program& program) {
  ReferenceGraph graph;
  graph.inputs = program.inputs;
  graph.output = program.output;
  for (const space::Node& node : program.nodes) {
    const space::PrimitiveSpec& spec = space::spec_of(node);
    ReferenceNode made;
    made.op = spec.name;
    made.fields.assign(node.fields.begin(), node.fields.begin() + spec.fields.size());
    made.operands.assign(node.inputs.begin(), node.inputs.begin() + spec.arity);
    made.trained = spec.parameters != nullptr && !spec.shares_parameters;
    made.commutative = spec.commutative;
    if (spec.name == "add" || spec.name == "subtract") {
      made.signs = {1, spec.name == "add" ? 1 : -1};
      made.op = "sum";
      made.commutative = true;
    }
    graph.nodes.push_back(std::move(made));
  }
  return graph;
}

/// The value that a whole node is equal to by one rule, if any.
std::optional<std::size_t> shortcut(const ReferenceGraph& graph, const ReferenceNode& node) {
  const std::size_t x = node.operands[0];
  const auto under = [&] { return graph.at(x).operands[0]; };
  if ((node.op == "negate" || node.op == "transpose") && is(graph, x, node.op.c_str())) {
    return under();
  }
  if (node.op == "merge_heads" && is(graph, x, "split_heads")) return under();
  if (node.op == "split_heads" && is(graph, x, "merge_heads")) return under();
  if ((node.op == "relu" || node.op == "abs" || node.op == "sign") && is(graph, x, node.op.c_str()))
    return x;
  if ((node.op == "maximum" || node.op == "minimum") && x == node.operands[1]) return x;
  if (node.op == "scale_const" && node.fields == std::vector<double>{1, 0}) return x;
  return std::nullopt;
}

/// Drops a negate or abs from below a node that does not see it.
bool strip_operands(const ReferenceGraph& graph, ReferenceNode& node) {
  static const std::set<std::string> kEven = {"abs", "abs_root", "log_abs", "square"};
  if (kEven.contains(node.op)) {
    if (is(graph, node.operands[0], "negate") || is(graph, node.operands[0], "abs")) {
      node.operands[0] = graph.at(node.operands[0]).operands[0];
      return true;
    }
  }
  if (node.op == "sum") {
    for (std::size_t k = 0; k < 2; ++k) {
      if (!is(graph, node.operands[k], "negate")) continue;
      node.operands[k] = graph.at(node.operands[k]).operands[0];
      node.signs[k] = -node.signs[k];
      return true;
    }
  }
  return false;
}

std::vector<std::pair<std::size_t, int>> signed_operands(const ReferenceNode& node) {
  std::vector<std::pair<std::size_t, int>> all;
  for (std::size_t k = 0; k < node.operands.size(); ++k) {
    all.emplace_back(node.operands[k], node.signs.empty() ? 1 : node.signs[k]);
  }
  if (node.commutative) std::sort(all.begin(), all.end());
  return all;
}

bool same_value(const ReferenceNode& a, const ReferenceNode& b) {
  return !a.trained && !b.trained && a.op == b.op && a.fields == b.fields &&
         signed_operands(a) == signed_operands(b);
}

void replace_uses(ReferenceGraph& graph, std::size_t from, std::size_t to) {
  for (ReferenceNode& node : graph.nodes) {
    std::replace(node.operands.begin(), node.operands.end(), from, to);
  }
  if (graph.output == from) graph.output = to;
}

bool is_used(const ReferenceGraph& graph, std::size_t value) {
  return graph.output == value ||
         std::any_of(graph.nodes.begin(), graph.nodes.end(), [&](const ReferenceNode& node) {
           return std::count(node.operands.begin(), node.operands.end(), value) != 0;
         });
}

bool apply_one_rule(ReferenceGraph& graph) {
  const std::size_t inputs = graph.inputs.size();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (strip_operands(graph, graph.nodes[i])) return true;
    if (!is_used(graph, inputs + i)) continue;
    if (const auto value = shortcut(graph, graph.nodes[i])) {
      replace_uses(graph, inputs + i, *value);
      return true;
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (same_value(graph.nodes[i], graph.nodes[j])) {
        replace_uses(graph, inputs + i, inputs + j);
        return true;
      }
    }
  }
  return false;
}

void drop_dead(ReferenceGraph& graph) {
  const std::size_t inputs = graph.inputs.size();
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t i = graph.nodes.size(); i-- > 0;) {
      if (is_used(graph, inputs + i)) continue;
      graph.nodes.erase(graph.nodes.begin() + static_cast<std::ptrdiff_t>(i));
      for (ReferenceNode& node : graph.nodes) {
        for (std::size_t& operand : node.operands) operand -= operand > inputs + i ? 1 : 0;
      }
      graph.output -= graph.output > inputs + i ? 1 : 0;
      changed = true;
    }
  }
}

class Matching {
 public:
  Matching(const ReferenceGraph& a, const ReferenceGraph& b)
      : a_(a), b_(b), to_b_(a.inputs.size() + a.nodes.size(), kNone), to_a_(to_b_) {}

  bool extend(std::vector<std::pair<std::size_t, std::size_t>> pending) {
    while (!pending.empty()) {
      const auto [u, v] = pending.back();
      pending.pop_back();
      if (to_b_[u] != kNone || to_a_[v] != kNone) {
        if (to_b_[u] != v) return false;
        continue;
      }
      if (a_.is_input(u) || b_.is_input(v)) {
        if (u != v) return false;
        to_b_[u] = to_a_[v] = u;
        continue;
      }
      const ReferenceNode& x = a_.at(u);
      const ReferenceNode& y = b_.at(v);
      if (!same_label(x, y)) return false;
      to_b_[u] = v;
      to_a_[v] = u;
      if (x.commutative && fits(x, y, 1)) {
        Matching crossed = *this;
        auto more = pending;
        more.emplace_back(x.operands[0], y.operands[1]);
        more.emplace_back(x.operands[1], y.operands[0]);
        if (crossed.extend(std::move(more))) return true;
      }
      if (!fits(x, y, 0)) return false;
      for (std::size_t k = 0; k < x.operands.size(); ++k) {
        pending.emplace_back(x.operands[k], y.operands[k]);
      }
    }
    return true;
  }

 private:
  /// Whether the signs agree when operand 0 of x meets operand `other` of y.
  static bool fits(const ReferenceNode& x, const ReferenceNode& y, std::size_t other) {
    return x.signs.empty() || (x.signs[0] == y.signs[other] && x.signs[1] == y.signs[1 - other]);
  }

  const ReferenceGraph& a_;
  const ReferenceGraph& b_;
  std::vector<std::size_t> to_b_;
  std::vector<std::size_t> to_a_;
};

}  // namespace

ReferenceGraph reference_graph(const space::Program& program) {
  ReferenceGraph graph = as_graph(program);
  while (apply_one_rule(graph)) {
  }
  drop_dead(graph);
  return graph;
}

bool same_label(const ReferenceNode& a, const ReferenceNode& b) {
  return a.op == b.op && a.fields == b.fields;
}

bool isomorphic(const ReferenceGraph& a, const ReferenceGraph& b) {
  return a.inputs == b.inputs && a.nodes.size() == b.nodes.size() &&
         Matching(a, b).extend({{a.output, b.output}});
}

bool equivalent(const space::Program& a, const space::Program& b) {
  return isomorphic(reference_graph(a), reference_graph(b));
}

}  // namespace nas::test
