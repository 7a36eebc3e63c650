#include "support/random_programs.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <span>
#include <string>

#include "nas/core/error.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/check.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"

namespace nas::test {

using space::CheckedProgram;
using space::CheckRules;
using space::MutationKind;
using space::Node;
using space::NormKind;
using space::NormPlace;
using space::PrimitiveSpec;
using space::Program;
using space::Rejection;
using space::Shape;
using space::Slot;
using space::TimeMixing;

namespace {

constexpr std::uint32_t kMaxMutations = 24;

bool is_causal_somewhere(std::uint16_t primitive) {
  static constexpr std::array kShapes = {space::kModelShape, space::kInnerShape, space::kHeadsShape,
                                         space::kScoresShape};
  const PrimitiveSpec& spec = space::primitives()[primitive];
  if (spec.shares_parameters) return false;
  const Node node = space::make_node(primitive);
  for (const Shape& first : kShapes) {
    for (const Shape& second : kShapes) {
      const std::array both = {first, second};
      const std::span<const Shape> in(both.data(), static_cast<std::size_t>(spec.arity));
      if (spec.type(in, node) && spec.mixing(in, node) <= TimeMixing::kCausal) return true;
    }
  }
  return false;
}

Program layer(const char* mixer, const char* feed_forward, NormKind norm, NormPlace place) {
  return space::layer_program({space::block_program(mixer, Slot::kMixer, {}),
                               space::block_program(feed_forward, Slot::kFeedForward, {}), norm,
                               place});
}

/// Attention as Primer's initial program writes it: exponential, mask, divided by its sum.
Program primer_layer() {
  const Program mixer = space::program_from_text(
      "program(x: [batch, seq, model_dim])\n"
      "  q = rope(split_heads(linear(x)))\n"
      "  k = rope(split_heads(linear(x)))\n"
      "  v = split_heads(linear(x))\n"
      "  e = mask(exp(scale_const(matmul_nt(q, k), by=inv_sqrt_head_dim)))\n"
      "  return linear(merge_heads(matmul(divide(e, reduce(e, op=sum)), v)))\n",
      "primer_layer");
  return space::layer_program({mixer, space::block_program("relu", Slot::kFeedForward, {}),
                               NormKind::kLayerNorm, NormPlace::kPre});
}

/// By value: whether a softmax stands between the value and the product that made the scores.
std::vector<bool> softmax_weights(const Program& program, const CheckedProgram& checked) {
  const std::uint16_t softmax = space::primitive_index("softmax");
  std::vector<bool> weights(program.value_count(), false);
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    const Node& node = program.nodes[i];
    const std::size_t value = program.value_of(i);
    if (checked.shapes[value] != space::kScoresShape) continue;
    weights[value] = node.primitive == softmax;
    for (std::size_t k = 0; k < static_cast<std::size_t>(space::spec_of(node).arity); ++k) {
      if (weights[node.inputs[k]]) weights[value] = true;
    }
  }
  return weights;
}

}  // namespace

std::vector<std::uint16_t> causal_vocabulary() {
  std::vector<std::uint16_t> vocabulary;
  for (const PrimitiveSpec& spec : space::primitives()) {
    const std::uint16_t primitive = space::primitive_index(spec.name);
    if (!spec.is_structural && is_causal_somewhere(primitive)) vocabulary.push_back(primitive);
  }
  return vocabulary;
}

space::MutationRules causal_rules(int max_nodes) {
  space::MutationRules rules;
  rules.check.max_nodes = max_nodes;
  rules.vocabulary = causal_vocabulary();
  return rules;
}

bool amplifies_rounding(const space::Program& program) {
  static const std::set<std::string> kAmplifying = {
      "abs_root", "cos",    "cumulative_product", "divide", "exp", "log_abs",
      "recip",    "reduce", "reduce_time",        "sign",   "sin"};
  return std::any_of(program.nodes.begin(), program.nodes.end(), [](const space::Node& node) {
    return kAmplifying.contains(space::spec_of(node).name);
  });
}

std::vector<Program> initial_programs() {
  return {
      layer("softmax_attention", "relu", NormKind::kLayerNorm, NormPlace::kPre),
      layer("softmax_attention", "gelu", NormKind::kRmsNorm, NormPlace::kPre),
      layer("softmax_attention", "squared_relu", NormKind::kLayerNorm, NormPlace::kPost),
      layer("mdha", "squared_relu", NormKind::kLayerNorm, NormPlace::kPre),
      layer("mdha", "gelu", NormKind::kRmsNorm, NormPlace::kPost),
      primer_layer(),
  };
}

Program random_program(std::uint64_t seed, std::uint64_t index) {
  static const std::vector<Program> initial = initial_programs();
  static const space::MutationRules rules = causal_rules();
  DrawCursor cursor(DrawKey{.seed = seed, .purpose = Purpose::kTest, .subject = index});
  Program program = initial[cursor.below(static_cast<std::uint32_t>(initial.size()))];
  const std::uint32_t mutations = 1 + cursor.below(kMaxMutations);
  for (std::uint32_t i = 0; i < mutations; ++i) {
    Program child;
    MutationKind kind{};
    // One more insertion now and then, or programs would shrink: a deletion also takes what only
    // the deleted node needed.
    const bool inserted = cursor.below(4) == 0 &&
                          space::try_mutation(MutationKind::kInsert, program, rules, cursor, child);
    NAS_ASSERT(inserted || space::mutate_program(program, rules, cursor, child, kind));
    program = std::move(child);
  }
  return program;
}

std::vector<Program> random_programs(std::uint64_t seed, std::size_t count) {
  std::vector<Program> programs;
  programs.reserve(count);
  for (std::size_t i = 0; i < count; ++i) programs.push_back(random_program(seed, i));
  return programs;
}

bool mixes_time_outside_attention(const Program& program) {
  CheckedProgram checked;
  NAS_ASSERT(space::check(program, CheckRules{}, checked).kind == Rejection::Kind::kNone);
  const std::vector<bool> weights = softmax_weights(program, checked);
  const std::uint16_t matmul = space::primitive_index("matmul");
  for (std::size_t i = 0; i < program.nodes.size(); ++i) {
    if (!checked.live[program.value_of(i)]) continue;
    const Node& node = program.nodes[i];
    const PrimitiveSpec& spec = space::spec_of(node);
    const Shape& first = checked.shapes[node.inputs[0]];
    if (node.primitive == matmul) {
      if (first == space::kScoresShape && !weights[node.inputs[0]]) return true;
    } else if (spec.arity == 1 && first != space::kScoresShape &&
               spec.mixing({&first, 1}, node) == TimeMixing::kCausal) {
      return true;
    }
  }
  return false;
}

}  // namespace nas::test
