#include "space/canonical_rewrite.hpp"

#include <algorithm>
#include <bit>
#include <string>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/hash.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"

namespace nas::space {

namespace {

constexpr std::uint64_t kColourMask = (std::uint64_t{1} << kColourBits) - 1;
constexpr std::uint32_t kNoValue = 0xFFFFFFFF;

RewriteRule rule_of(const std::string& name) {
  static constexpr std::pair<const char*, RewriteRule> kRules[] = {
      {"abs", RewriteRule::kMagnitude},
      {"abs_root", RewriteRule::kMagnitude},
      {"add", RewriteRule::kAdd},
      {"log_abs", RewriteRule::kMagnitude},
      {"maximum", RewriteRule::kExtremum},
      {"merge_heads", RewriteRule::kMergeHeads},
      {"minimum", RewriteRule::kExtremum},
      {"negate", RewriteRule::kInvolution},
      {"relu", RewriteRule::kIdempotent},
      {"scale_const", RewriteRule::kScaleConst},
      {"sign", RewriteRule::kIdempotent},
      {"split_heads", RewriteRule::kSplitHeads},
      {"square", RewriteRule::kMagnitude},
      {"subtract", RewriteRule::kSubtract},
      {"transpose", RewriteRule::kInvolution},
  };
  for (const auto& [known, rule] : kRules) {
    if (name == known) return rule;
  }
  return RewriteRule::kNone;
}

std::vector<PrimitiveTraits> make_traits() {
  std::vector<PrimitiveTraits> all;
  all.reserve(primitives().size() + 1);
  for (const PrimitiveSpec& spec : primitives()) {
    PrimitiveTraits traits;
    traits.name_hash = hash_text(spec.name).low;
    traits.arity = static_cast<std::uint8_t>(spec.arity);
    traits.field_count = static_cast<std::uint8_t>(spec.fields.size());
    traits.commutative = spec.commutative;
    traits.has_parameters = spec.parameters != nullptr && !spec.shares_parameters;
    traits.rule = rule_of(spec.name);
    all.push_back(traits);
  }
  PrimitiveTraits negated_sum;
  negated_sum.name_hash = hash_text("negated sum").low;
  negated_sum.arity = 2;
  negated_sum.commutative = true;
  all.push_back(negated_sum);
  return all;
}

struct KnownPrimitives {
  std::uint16_t abs = primitive_index("abs");
  std::uint16_t add = primitive_index("add");
  std::uint16_t merge_heads = primitive_index("merge_heads");
  std::uint16_t negate = primitive_index("negate");
  std::uint16_t negated_sum = static_cast<std::uint16_t>(primitives().size());
  std::uint16_t split_heads = primitive_index("split_heads");
  std::uint16_t subtract = primitive_index("subtract");
};

const KnownPrimitives& known() {
  static const KnownPrimitives primitives;
  return primitives;
}

/// Builds the rewritten graph node by node. Since operands are rewritten before their users and
/// never change afterwards, one pass reaches the fixed point.
class Rewriter {
 public:
  explicit Rewriter(const Program& program);
  ColouredGraph run(const Program& program);

 private:
  /// The value of a node whose inputs are values of the new graph: by a rule, or made.
  ValueIndex simplified(Node node);
  ValueIndex add_or_subtract(Node node, bool subtracts);
  /// The value of a node to which no rule applies: an equal one, or a new one.
  ValueIndex made(Node node);
  ValueIndex appended(const Node& node, std::uint64_t colour);
  [[nodiscard]] std::uint64_t colour_of(const Node& node, const PrimitiveTraits& traits) const;
  [[nodiscard]] bool is(ValueIndex value, std::uint16_t primitive) const {
    return !graph_.program.is_input(value) && graph_.program.node_of(value).primitive == primitive;
  }
  [[nodiscard]] ValueIndex operand(ValueIndex value) const {
    return graph_.program.node_of(value).inputs[0];
  }

  const std::vector<PrimitiveTraits>& traits_ = primitive_traits();
  const KnownPrimitives& known_ = known();
  ColouredGraph graph_;
  std::vector<std::uint32_t> slots_;  ///< open addressing by colour, of nodes without parameters
};

Rewriter::Rewriter(const Program& program) {
  const std::size_t nodes = program.nodes.size();
  graph_.program.inputs = program.inputs;
  graph_.program.nodes.reserve(nodes);
  graph_.colours.reserve(program.value_count());
  for (std::size_t i = 0; i < program.inputs.size(); ++i) {
    std::uint64_t shape = 0;
    for (const Axis axis : program.inputs[i].axes)
      shape = shape * 256 + static_cast<unsigned>(axis);
    graph_.colours.push_back(mix(i + 1, shape) >> (64 - kColourBits));
  }
  slots_.assign(std::bit_ceil(2 * nodes + 1), kNoValue);
}

ColouredGraph Rewriter::run(const Program& program) {
  const std::vector<std::uint8_t> live = live_values(program);
  std::vector<std::uint32_t> to(program.value_count(), kNoValue);
  for (std::size_t i = 0; i < program.inputs.size(); ++i) to[i] = static_cast<std::uint32_t>(i);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const ValueIndex value = program.value_of(i);
    if (live[value] == 0) continue;
    Node node = program.nodes[i];
    const PrimitiveTraits& traits = traits_[node.primitive];
    for (std::size_t k = 0; k < kMaxInputs; ++k) {
      node.inputs[k] =
          k < traits.arity ? static_cast<ValueIndex>(to[node.inputs[k]]) : ValueIndex{0};
    }
    for (std::size_t k = 0; k < kMaxFields; ++k) {
      // Adding 0 makes a negative zero positive.
      node.fields[k] = k < traits.field_count ? node.fields[k] + 0.0 : 0.0;
    }
    to[value] = simplified(node);
  }
  graph_.program.output = static_cast<ValueIndex>(to[program.output]);
  return std::move(graph_);
}

ValueIndex Rewriter::simplified(Node node) {
  const ValueIndex first = node.inputs[0];
  switch (traits_[node.primitive].rule) {
    case RewriteRule::kNone:
      break;
    case RewriteRule::kInvolution:
      if (is(first, node.primitive)) return operand(first);
      break;
    case RewriteRule::kMergeHeads:
      if (is(first, known_.split_heads)) return operand(first);
      break;
    case RewriteRule::kSplitHeads:
      if (is(first, known_.merge_heads)) return operand(first);
      break;
    case RewriteRule::kIdempotent:
      if (is(first, node.primitive)) return first;
      break;
    case RewriteRule::kMagnitude:
      while (is(node.inputs[0], known_.negate) || is(node.inputs[0], known_.abs)) {
        node.inputs[0] = operand(node.inputs[0]);
      }
      break;
    case RewriteRule::kExtremum:
      if (first == node.inputs[1]) return first;
      break;
    case RewriteRule::kScaleConst:
      if (node.fields[scale_const_field::kValue] == 1 &&
          node.fields[scale_const_field::kBy] == static_cast<double>(ScaleBy::kOne)) {
        return first;
      }
      break;
    case RewriteRule::kAdd:
      return add_or_subtract(node, false);
    case RewriteRule::kSubtract:
      return add_or_subtract(node, true);
  }
  return made(node);
}

ValueIndex Rewriter::add_or_subtract(Node node, bool subtracts) {
  std::array<bool, 2> minus{false, subtracts};
  for (std::size_t k = 0; k < 2; ++k) {
    if (!is(node.inputs[k], known_.negate)) continue;
    node.inputs[k] = operand(node.inputs[k]);
    minus[k] = !minus[k];
  }
  if (minus[0] && minus[1]) {
    node.primitive = known_.negated_sum;
  } else if (minus[0] || minus[1]) {
    node.primitive = known_.subtract;
    if (minus[0]) std::swap(node.inputs[0], node.inputs[1]);
  } else {
    node.primitive = known_.add;
  }
  return made(node);
}

std::uint64_t Rewriter::colour_of(const Node& node, const PrimitiveTraits& traits) const {
  std::uint64_t hash = traits.name_hash;
  for (std::size_t k = 0; k < traits.field_count; ++k) {
    hash = mix(hash, std::bit_cast<std::uint64_t>(node.fields[k]));
  }
  std::uint64_t depth = 0;
  for (std::size_t k = 0; k < traits.arity; ++k) {
    const std::uint64_t colour = graph_.colours[node.inputs[k]];
    hash = mix(hash, colour);
    depth = std::max(depth, colour >> kColourBits);
  }
  return ((depth + 1) << kColourBits) | (hash & kColourMask);
}

ValueIndex Rewriter::made(Node node) {
  const PrimitiveTraits& traits = traits_[node.primitive];
  if (traits.commutative) {
    auto& [first, second] = node.inputs;
    const std::uint64_t first_colour = graph_.colours[first];
    const std::uint64_t second_colour = graph_.colours[second];
    if (std::pair(second_colour, second) < std::pair(first_colour, first)) std::swap(first, second);
  }
  const std::uint64_t colour = colour_of(node, traits);
  if (traits.has_parameters) return appended(node, colour);
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = colour & mask;
  while (slots_[slot] != kNoValue) {
    const auto equal_coloured = static_cast<ValueIndex>(slots_[slot]);
    if (graph_.program.node_of(equal_coloured) == node) return equal_coloured;
    slot = (slot + 1) & mask;
  }
  const ValueIndex value = appended(node, colour);
  slots_[slot] = value;
  return value;
}

ValueIndex Rewriter::appended(const Node& node, std::uint64_t colour) {
  graph_.program.nodes.push_back(node);
  graph_.colours.push_back(colour);
  return graph_.program.value_of(graph_.program.nodes.size() - 1);
}

}  // namespace

const std::vector<PrimitiveTraits>& primitive_traits() {
  static const std::vector<PrimitiveTraits> traits = make_traits();
  return traits;
}

std::uint16_t negated_sum_index() { return known().negated_sum; }
std::uint16_t negate_index() { return known().negate; }
std::uint16_t subtract_index() { return known().subtract; }

std::uint64_t recoloured(std::uint64_t colour, std::uint64_t word) {
  return (colour & ~kColourMask) | (mix(colour, word) & kColourMask);
}

ColouredGraph rewritten(const Program& program) { return Rewriter(program).run(program); }

std::vector<std::uint8_t> live_values(const Program& program) {
  const std::vector<PrimitiveTraits>& traits = primitive_traits();
  std::vector<std::uint8_t> live(program.value_count(), 0);
  NAS_ASSERT(program.output < program.value_count());
  live[program.output] = 1;
  for (std::size_t i = program.nodes.size(); i-- > 0;) {
    const ValueIndex value = program.value_of(i);
    if (live[value] == 0) continue;
    const Node& node = program.nodes[i];
    NAS_ASSERT(node.primitive + std::size_t{1} < traits.size());
    for (std::size_t k = 0; k < traits[node.primitive].arity; ++k) {
      NAS_ASSERT(node.inputs[k] < value);
      live[node.inputs[k]] = 1;
    }
  }
  return live;
}

}  // namespace nas::space
