#include "space/canonical_ties.hpp"

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "nas/core/hash.hpp"
#include "nas/space/canonical.hpp"
#include "space/canonical_order.hpp"

namespace nas::space {

namespace {

using Colours = std::vector<std::uint64_t>;

constexpr std::size_t kGoOn = std::numeric_limits<std::size_t>::max();
constexpr std::uint64_t kOutputMark = 1;
constexpr std::uint64_t kIndividualMark = 2;

bool comes_before(const Node& a, const Node& b) {
  return std::tie(a.primitive, a.inputs, a.fields) < std::tie(b.primitive, b.inputs, b.fields);
}

class TieBreaker {
 public:
  explicit TieBreaker(const Program& graph) : graph_(graph) {}
  Program run(const Colours& colours) {
    (void)descend(colours);
    return std::move(best_);
  }

 private:
  /// An order reached, and the values given a colour of their own on the way to it. Equal digests
  /// are an automorphism of the graph that also respects all colours on the way.
  struct End {
    std::vector<ValueIndex> path;
    Hash128 digest;
  };

  /// Depth of the path at which to go on: that of the caller's level or deeper means normally.
  std::size_t descend(Colours colours);
  std::size_t reach_end(const Colours& colours);
  void refine(Colours& colours) const;
  void refine_by_users(Colours& colours) const;
  void refine_by_operands(Colours& colours) const;
  [[nodiscard]] bool is_tied(const Node& node, const Colours& colours) const;
  /// Members of the smallest class of tied operands, empty when nothing is tied.
  [[nodiscard]] std::vector<ValueIndex> tied_class(const Colours& colours) const;
  [[nodiscard]] const PrimitiveTraits& traits(const Node& node) const {
    return traits_[node.primitive];
  }

  const std::vector<PrimitiveTraits>& traits_ = primitive_traits();
  const Program& graph_;
  std::vector<ValueIndex> path_;
  std::vector<End> ends_;
  int visited_ = 0;
  bool has_best_ = false;
  Program best_;
};

std::size_t distinct_count(const Colours& colours) {
  Colours sorted = colours;
  std::sort(sorted.begin(), sorted.end());
  return static_cast<std::size_t>(std::unique(sorted.begin(), sorted.end()) - sorted.begin());
}

std::size_t TieBreaker::descend(Colours colours) {
  refine(colours);
  const std::vector<ValueIndex> members = tied_class(colours);
  if (members.empty()) return reach_end(colours);
  const std::size_t depth = path_.size();
  for (const ValueIndex member : members) {
    Colours individual = colours;
    individual[member] = recoloured(individual[member], kIndividualMark);
    path_.push_back(member);
    const std::size_t go_on_at = descend(std::move(individual));
    path_.pop_back();
    if (go_on_at < depth || visited_ >= kMaxTieBranches) return go_on_at;
  }
  return kGoOn;
}

std::size_t TieBreaker::reach_end(const Colours& colours) {
  ++visited_;
  Program ordered = graph_;
  for (Node& node : ordered.nodes) {
    auto& [first, second] = node.inputs;
    if (traits(node).commutative && colours[second] < colours[first]) std::swap(first, second);
  }
  ColouredGraph end = in_depth_first_order(ColouredGraph{std::move(ordered), colours});
  const Hash128 structure = hash_canonical(end.program);
  Colours words = std::move(end.colours);
  words.push_back(structure.high);
  words.push_back(structure.low);
  const Hash128 digest = hash_bytes(words.data(), words.size() * sizeof(words[0]));
  for (const End& seen : ends_) {
    if (seen.digest != digest) continue;
    const auto differ = std::mismatch(seen.path.begin(), seen.path.end(), path_.begin()).first;
    return static_cast<std::size_t>(differ - seen.path.begin());
  }
  ends_.push_back({path_, digest});
  if (!has_best_ ||
      std::lexicographical_compare(end.program.nodes.begin(), end.program.nodes.end(),
                                   best_.nodes.begin(), best_.nodes.end(), comes_before)) {
    has_best_ = true;
    best_ = std::move(end.program);
  }
  return kGoOn;
}

void TieBreaker::refine(Colours& colours) const {
  for (std::size_t classes = distinct_count(colours); classes < colours.size();) {
    refine_by_users(colours);
    refine_by_operands(colours);
    const std::size_t now = distinct_count(colours);
    if (now == classes) return;
    classes = now;
  }
}

void TieBreaker::refine_by_users(Colours& colours) const {
  Colours uses(colours.size(), 0);
  uses[graph_.output] = kOutputMark;
  for (std::size_t i = graph_.nodes.size(); i-- > 0;) {
    const Node& node = graph_.nodes[i];
    const ValueIndex value = graph_.value_of(i);
    colours[value] = recoloured(colours[value], uses[value]);
    for (std::size_t k = 0; k < traits(node).arity; ++k) {
      const std::uint64_t position = traits(node).commutative ? 0 : k + 1;
      // A sum, since the users of a value have no order.
      uses[node.inputs[k]] += mix(colours[value], position);
    }
  }
}

void TieBreaker::refine_by_operands(Colours& colours) const {
  for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
    const Node& node = graph_.nodes[i];
    std::uint64_t first = colours[node.inputs[0]];
    std::uint64_t second = traits(node).arity > 1 ? colours[node.inputs[1]] : 0;
    if (traits(node).commutative && second < first) std::swap(first, second);
    std::uint64_t& colour = colours[graph_.value_of(i)];
    colour = recoloured(recoloured(colour, first), second);
  }
}

bool TieBreaker::is_tied(const Node& node, const Colours& colours) const {
  return traits(node).commutative && node.inputs[0] != node.inputs[1] &&
         colours[node.inputs[0]] == colours[node.inputs[1]];
}

std::vector<ValueIndex> TieBreaker::tied_class(const Colours& colours) const {
  std::pair<std::int64_t, std::uint64_t> smallest{std::numeric_limits<std::int64_t>::max(), 0};
  for (const Node& node : graph_.nodes) {
    if (!is_tied(node, colours)) continue;
    const std::uint64_t colour = colours[node.inputs[0]];
    smallest = std::min(smallest, {std::count(colours.begin(), colours.end(), colour), colour});
  }
  std::vector<ValueIndex> members;
  if (smallest.first == std::numeric_limits<std::int64_t>::max()) return members;
  for (std::size_t value = 0; value < colours.size(); ++value) {
    if (colours[value] == smallest.second) members.push_back(static_cast<ValueIndex>(value));
  }
  return members;
}

}  // namespace

Program break_ties(const ColouredGraph& graph) {
  return TieBreaker(graph.program).run(graph.colours);
}

}  // namespace nas::space
