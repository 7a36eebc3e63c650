#include "nn/elementwise_fusion.hpp"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "nas/core/error.hpp"

namespace nas::nn {

namespace {

bool is_elementwise(const Step& step) {
  return step.kind == Step::Kind::kNode && step.impl->elementwise != nullptr &&
         std::ranges::all_of(step.input_shapes,
                             [&](const space::Shape& shape) { return shape == step.output_shape; });
}

ops::ElementwiseFunction function_of(const Step& step) {
  return step.impl->elementwise({step.node, step.input_shapes, step.output_shape, step.dims});
}

/// Nodes of a chain, found from its last one backwards.
class Chain {
 public:
  Chain(const Pass& pass, std::size_t last) : pass_(pass), shape_(pass.step(last).output_shape) {
    add(last);
    for (std::size_t at = last; at-- > 0;) {
      if (may_join(at)) add(at);
    }
    std::ranges::reverse(nodes_);
  }

  /// Their places in the plan, in order.
  [[nodiscard]] const std::vector<std::size_t>& nodes() const { return nodes_; }
  /// All nodes as one step.
  [[nodiscard]] Step step() const;

 private:
  /// A node whose value nobody else reads, if what it reads instead is not too much.
  [[nodiscard]] bool may_join(std::size_t at) const {
    const Step& step = pass_.step(at);
    if (!is_elementwise(step) || step.output_shape != shape_) return false;
    const auto reads = reads_.find(step.outputs[0]);
    if (reads == reads_.end() || reads->second != pass_.reads(step.outputs[0])) return false;
    std::map<PlanValue, int> others = reads_;
    others.erase(step.outputs[0]);
    for (const PlanValue input : step.inputs) ++others[input];
    return others.size() <= ops::kMostChainInputs && nodes_.size() < ops::kMostChainSteps;
  }
  void add(std::size_t at) {
    const Step& step = pass_.step(at);
    reads_.erase(step.outputs[0]);
    for (const PlanValue input : step.inputs) ++reads_[input];
    nodes_.push_back(at);
  }

  const Pass& pass_;
  space::Shape shape_;
  std::vector<std::size_t> nodes_;
  std::map<PlanValue, int> reads_;  ///< how often the nodes read what none of them makes
};

Step Chain::step() const {
  Step all = pass_.step(nodes_.back());
  all.kind = Step::Kind::kElementwise;
  all.inputs.clear();
  std::map<PlanValue, std::uint8_t> numbers;
  const auto number = [&](PlanValue value) {
    return numbers.emplace(value, static_cast<std::uint8_t>(numbers.size())).first->second;
  };
  for (const std::size_t at : nodes_) {
    for (const PlanValue input : pass_.step(at).inputs) {
      if (!reads_.contains(input) || numbers.contains(input)) continue;
      number(input);
      all.inputs.push_back(input);
    }
  }
  all.chain.input_count = all.inputs.size();
  for (const std::size_t at : nodes_) {
    const Step& node = pass_.step(at);
    all.chain.steps.push_back(
        {function_of(node), number(node.inputs.front()), number(node.inputs.back())});
    number(node.outputs[0]);
  }
  return all;
}

/// Whether a lone function is worth a kernel of our own: where LibTorch has several for it, and
/// GELU, for which there is a compiled one. Of the others LibTorch's single kernel is as good.
bool pays_alone(ops::ElementwiseOp op) {
  using Op = ops::ElementwiseOp;
  switch (op) {
    case Op::kAbsRoot:
    case Op::kDivide:
    case Op::kGeluErf:
    case Op::kGeluTanh:
    case Op::kLogAbs:
    case Op::kRecip:
      return true;
    default:
      return false;
  }
}

bool pays(const Pass& pass, const std::vector<std::size_t>& nodes) {
  if (nodes.size() == 1) return pays_alone(function_of(pass.step(nodes[0])).op);
  const bool is_squared_relu = nodes.size() == 2 && is_node(pass.step(nodes[0]), "relu") &&
                               is_node(pass.step(nodes[1]), "square");
  return !is_squared_relu;
}

}  // namespace

void fuse_elementwise(Pass& pass) {
  for (std::size_t last = pass.size(); last-- > 0;) {
    if (pass.is_absorbed(last) || !is_elementwise(pass.step(last))) continue;
    const Chain chain(pass, last);
    if (!pays(pass, chain.nodes())) continue;
    Step all = chain.step();
    for (const std::size_t at : chain.nodes()) pass.absorb(at);
    pass.replace(last, std::move(all));
  }
}

}  // namespace nas::nn
