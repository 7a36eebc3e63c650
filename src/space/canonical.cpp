#include "nas/space/canonical.hpp"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>
#include <vector>

#include "space/canonical_order.hpp"
#include "space/canonical_rewrite.hpp"

namespace nas::space {

namespace {

constexpr std::uint32_t kNoValue = 0xFFFFFFFF;
constexpr int kMaxCoverSteps = 4096;

/// Chooses which operand of each negated sum -(a) - (b) is negated, so that as few negate nodes as
/// possible are added to those that the program has anyway: a smallest vertex cover, the first in
/// the order of the graph. With the fewest, a canonical program never has more nodes than the
/// program it stands for.
class NegationCover {
 public:
  /// `negated`: by value, whether there is a negate node of it.
  NegationCover(std::vector<std::array<ValueIndex, 2>> sums, std::vector<bool> negated)
      : sums_(std::move(sums)), negated_(std::move(negated)) {
    extend(0, 0);
  }
  /// By value, whether a negate node of it is used or already there.
  [[nodiscard]] const std::vector<bool>& negated() const { return best_; }

 private:
  void extend(std::size_t sum, int added) {
    while (sum < sums_.size() && (negated_[sums_[sum][0]] || negated_[sums_[sum][1]])) ++sum;
    if (added >= fewest_ || (!best_.empty() && ++steps_ > kMaxCoverSteps)) return;
    if (sum == sums_.size()) {
      fewest_ = added;
      best_ = negated_;
      return;
    }
    for (const ValueIndex operand : sums_[sum]) {
      negated_[operand] = true;
      extend(sum + 1, added + 1);
      negated_[operand] = false;
    }
  }

  std::vector<std::array<ValueIndex, 2>> sums_;
  std::vector<bool> negated_;
  std::vector<bool> best_;
  int fewest_ = std::numeric_limits<int>::max();
  int steps_ = 0;
};

/// Writes each negated sum as a subtract of which the first operand is negated. Needs a graph in
/// canonical order; so is the result.
Program without_negated_sums(Program graph) {
  const std::uint16_t negate = negate_index();
  std::vector<std::uint32_t> negation(graph.value_count(), kNoValue);
  std::vector<bool> negated(graph.value_count(), false);
  std::vector<std::array<ValueIndex, 2>> sums;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    if (node.primitive == negated_sum_index()) sums.push_back(node.inputs);
    if (node.primitive != negate) continue;
    negation[node.inputs[0]] = graph.value_of(i);
    negated[node.inputs[0]] = true;
  }
  if (sums.empty()) return graph;
  const std::vector<bool> cover = NegationCover(std::move(sums), std::move(negated)).negated();
  const std::size_t nodes = graph.nodes.size();
  for (std::size_t i = 0; i < nodes; ++i) {
    if (graph.nodes[i].primitive != negated_sum_index()) continue;
    auto [first, second] = graph.nodes[i].inputs;
    if (!cover[first]) std::swap(first, second);
    if (negation[first] == kNoValue) {
      negation[first] = graph.value_of(graph.nodes.size());
      Node added;
      added.primitive = negate;
      added.inputs[0] = first;
      graph.nodes.push_back(added);
    }
    graph.nodes[i].primitive = subtract_index();
    graph.nodes[i].inputs = {static_cast<ValueIndex>(negation[first]), second};
  }
  return in_depth_first_order(graph);
}

}  // namespace

Program canonical(const Program& program) {
  return without_negated_sums(in_canonical_order(rewritten(program)));
}

Hash128 hash_canonical(const Program& program) {
  const std::vector<PrimitiveTraits>& all_traits = primitive_traits();
  std::vector<std::uint64_t> words;
  words.reserve(1 + program.inputs.size() + 3 * program.nodes.size());
  words.push_back(program.inputs.size() << 16 | program.output);
  for (const Shape& shape : program.inputs) {
    std::uint64_t word = 0;
    for (const Axis axis : shape.axes) word = word << 8 | static_cast<std::uint64_t>(axis);
    words.push_back(word);
  }
  for (const Node& node : program.nodes) {
    const PrimitiveTraits& traits = all_traits[node.primitive];
    words.push_back(traits.name_hash);
    words.push_back(std::uint64_t{node.inputs[0]} << 16 | node.inputs[1]);
    for (std::size_t k = 0; k < traits.field_count; ++k) {
      words.push_back(std::bit_cast<std::uint64_t>(node.fields[k]));
    }
  }
  return hash_bytes(words.data(), words.size() * sizeof(words[0]));
}

Hash128 hash_of(const Program& program) { return hash_canonical(canonical(program)); }

}  // namespace nas::space
