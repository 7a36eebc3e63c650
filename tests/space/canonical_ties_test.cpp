#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "nas/core/philox.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "space/program_edits.hpp"
#include "space/reference_equivalence.hpp"

namespace nas::space {
namespace {

constexpr std::uint64_t kSeed = 20260731;

Program read(const std::string& body) {
  return program_from_text("program(x: [batch, seq, model_dim])\n" + body, "test");
}

DrawCursor cursor_of(std::uint64_t subject) {
  return DrawCursor(DrawKey{.seed = kSeed, .purpose = Purpose::kTest, .subject = subject});
}

void expect_same(const std::string& first, const std::string& second) {
  EXPECT_EQ(to_text(canonical(read(first))), to_text(canonical(read(second)))) << first << "\n"
                                                                               << second;
  EXPECT_EQ(hash_of(read(first)), hash_of(read(second)));
}

void expect_different(const std::string& first, const std::string& second) {
  EXPECT_NE(canonical(read(first)), canonical(read(second))) << first << "\n" << second;
  EXPECT_NE(hash_of(read(first)), hash_of(read(second)));
}

/// All orders of nodes and commutative operands of a program, drawn at random, give one program.
void expect_invariant(const Program& program, int draws, std::uint64_t subject) {
  DrawCursor cursor = cursor_of(subject);
  const Program form = canonical(program);
  for (int i = 0; i < draws; ++i) {
    test::ProgramEditor editor(program, cursor);
    for (std::size_t n = 0; n < program.nodes.size(); ++n) {
      Node& node = editor.node(n);
      if (spec_of(node).commutative && cursor.below(2) == 0) {
        std::swap(node.inputs[0], node.inputs[1]);
      }
    }
    const Program other = editor.finished();
    ASSERT_EQ(canonical(other), form) << to_text(other);
  }
}

TEST(CanonicalTies, ProjectionsUsedAsymmetrically) {
  const std::string two = "a = linear(x)\nb = linear(x)\n";
  expect_same(two + "return multiply(add(a, b), a)", two + "return multiply(add(a, b), b)");
  expect_same(two + "return multiply(add(a, b), tanh(b))",
              two + "return multiply(tanh(a), add(b, a))");
  expect_same(two + "return subtract(a, b)", two + "return subtract(b, a)");
  expect_different(two + "return subtract(add(a, b), multiply(a, b))",
                   two + "return subtract(multiply(a, b), add(a, b))");
  expect_different(two + "return add(multiply(a, a), multiply(b, b))",
                   two + "return add(multiply(a, b), multiply(a, b))");
  expect_different(two + "return add(subtract(a, b), subtract(b, a))",
                   two + "return add(subtract(a, b), subtract(a, b))");
  expect_invariant(read(two + "c = linear(x)\nd = linear(x)\n"
                              "return multiply(add(multiply(a, b), multiply(c, d)), "
                              "subtract(add(a, c), add(b, d)))"),
                   200, 1);
}

using Pairs = std::vector<std::array<ValueIndex, 2>>;

/// Appends trained projections 1 to `projections` of x and a balanced sum over products of them,
/// one product for each pair.
void append_products(const Pairs& pairs, std::size_t projections, Program& program) {
  const auto append = [&](const char* name, ValueIndex a, ValueIndex b) {
    program.nodes.push_back(make_node(primitive_index(name), a, b));
    return program.value_of(program.nodes.size() - 1);
  };
  const auto before = static_cast<ValueIndex>(program.nodes.size());
  for (std::size_t i = 0; i < projections; ++i) append("linear", 0, 0);
  std::vector<ValueIndex> terms;
  for (const auto& [a, b] : pairs) {
    terms.push_back(append("multiply", static_cast<ValueIndex>(before + a),
                           static_cast<ValueIndex>(before + b)));
  }
  while (terms.size() > 1) {
    std::vector<ValueIndex> sums;
    for (std::size_t i = 0; i + 1 < terms.size(); i += 2) {
      sums.push_back(append("add", terms[i], terms[i + 1]));
    }
    if (terms.size() % 2 == 1) sums.push_back(terms.back());
    terms = sums;
  }
  program.output = terms[0];
}

Program products(const Pairs& pairs, std::size_t projections) {
  Program program;
  append_products(pairs, projections, program);
  return program;
}

// Every projection in two products: colours alone do not tell these apart.
const Pairs kOneCycle = {{1, 2}, {2, 3}, {3, 4}, {4, 5}, {5, 6}, {6, 7}, {7, 8}, {8, 1}};
const Pairs kOneCycleCrossed = {{1, 2}, {3, 4}, {5, 6}, {7, 8}, {2, 3}, {4, 5}, {6, 7}, {8, 1}};
const Pairs kTwoCycles = {{1, 2}, {2, 3}, {3, 4}, {4, 1}, {5, 6}, {6, 7}, {7, 8}, {8, 5}};

TEST(CanonicalTies, RegularGraphsOfProducts) {
  const std::array<Program, 3> all = {products(kOneCycle, 8), products(kOneCycleCrossed, 8),
                                      products(kTwoCycles, 8)};
  for (std::size_t i = 0; i < all.size(); ++i) {
    expect_invariant(all[i], 200, 10 + i);
    for (std::size_t j = 0; j < i; ++j) {
      EXPECT_FALSE(test::equivalent(all[i], all[j]));
      EXPECT_NE(hash_of(all[i]), hash_of(all[j]));
    }
  }
}

TEST(CanonicalTies, TiedButNotAutomorphic) {
  // The operands of the outer product have one colour and are not isomorphic, so that only the
  // comparison of whole orders decides which comes first.
  const std::array<const Pairs*, 3> all = {&kOneCycle, &kOneCycleCrossed, &kTwoCycles};
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      Program both;
      append_products(*all[i], 8, both);
      const ValueIndex first = both.output;
      append_products(*all[j], 8, both);
      both.nodes.push_back(make_node(primitive_index("multiply"), first, both.output));
      both.output = both.value_of(both.nodes.size() - 1);
      expect_invariant(both, 50, 20 + 3 * i + j);
    }
  }
}

TEST(CanonicalTies, BalancedSumOfManyProjections) {
  for (const std::size_t count : {4U, 8U, 16U, 32U}) {
    std::vector<std::array<ValueIndex, 2>> pairs;
    for (std::size_t i = 1; i <= count; i += 2) {
      pairs.push_back({static_cast<ValueIndex>(i), static_cast<ValueIndex>(i + 1)});
    }
    expect_invariant(products(pairs, count), 10, count);
  }
}

/// Whether two graphs of at most 7 nodes are isomorphic: tries every assignment of nodes.
bool isomorphic_by_force(const test::ReferenceGraph& a, const test::ReferenceGraph& b,
                         std::vector<std::size_t>& to) {
  const std::size_t inputs = a.inputs.size();
  const std::size_t placed = to.size() - inputs;
  if (placed == a.nodes.size()) return to[a.output] == b.output;
  const test::ReferenceNode& node = a.nodes[placed];
  std::vector<std::pair<std::size_t, int>> wanted;
  for (std::size_t k = 0; k < node.operands.size(); ++k) {
    wanted.emplace_back(to[node.operands[k]], node.signs.empty() ? 1 : node.signs[k]);
  }
  if (node.commutative) std::sort(wanted.begin(), wanted.end());
  for (std::size_t j = 0; j < b.nodes.size(); ++j) {
    const test::ReferenceNode& other = b.nodes[j];
    if (!test::same_label(node, other)) continue;
    if (std::count(to.begin() + static_cast<std::ptrdiff_t>(inputs), to.end(), inputs + j))
      continue;
    std::vector<std::pair<std::size_t, int>> found;
    for (std::size_t k = 0; k < other.operands.size(); ++k) {
      found.emplace_back(other.operands[k], other.signs.empty() ? 1 : other.signs[k]);
    }
    if (other.commutative) std::sort(found.begin(), found.end());
    if (wanted != found) continue;
    to.push_back(inputs + j);
    if (isomorphic_by_force(a, b, to)) return true;
    to.pop_back();
  }
  return false;
}

bool isomorphic_by_force(const test::ReferenceGraph& a, const test::ReferenceGraph& b) {
  if (a.nodes.size() != b.nodes.size() || a.inputs != b.inputs) return false;
  std::vector<std::size_t> to(a.inputs.size());
  std::iota(to.begin(), to.end(), std::size_t{0});
  return isomorphic_by_force(a, b, to);
}

/// Collects programs; those with one canonical form must be isomorphic, others must not be.
class SmallPrograms {
 public:
  void add(const Program& program) {
    const Program form = canonical(program);
    const test::ReferenceGraph graph = test::reference_graph(program);
    std::string signature;
    for (const test::ReferenceNode& node : graph.nodes) signature += node.op[0];
    std::sort(signature.begin(), signature.end());
    auto& classes = by_signature_[signature];
    const std::string text = to_text(form);
    const auto found = classes.find(text);
    if (found == classes.end()) {
      for (const auto& [other, representative] : classes) {
        ASSERT_FALSE(isomorphic_by_force(graph, representative)) << text << "\n" << other;
        ++compared_;
      }
      classes.emplace(text, graph);
      ++class_count_;
    } else {
      ASSERT_TRUE(isomorphic_by_force(graph, found->second)) << to_text(program) << "\n" << text;
    }
  }
  [[nodiscard]] std::size_t class_count() const { return class_count_; }
  [[nodiscard]] std::size_t compared() const { return compared_; }

 private:
  std::map<std::string, std::map<std::string, test::ReferenceGraph>> by_signature_;
  std::size_t class_count_ = 0;
  std::size_t compared_ = 0;
};

void add_all(Program& program, std::size_t nodes, SmallPrograms& all) {
  program.output = static_cast<ValueIndex>(program.value_count() - 1);
  all.add(program);
  if (testing::Test::HasFatalFailure() || program.nodes.size() == nodes) return;
  const auto values = static_cast<ValueIndex>(program.value_count());
  for (const char* name : {"linear", "negate", "add", "subtract"}) {
    const std::uint16_t primitive = primitive_index(name);
    const ValueIndex seconds = primitives()[primitive].arity == 2 ? values : ValueIndex{1};
    for (ValueIndex first = 0; first < values; ++first) {
      for (ValueIndex second = 0; second < seconds; ++second) {
        program.nodes.push_back(make_node(primitive, first, second));
        add_all(program, nodes, all);
        program.nodes.pop_back();
      }
    }
  }
}

TEST(CanonicalByForce, EveryProgramOfFourNodes) {
  SmallPrograms all;
  Program program;
  add_all(program, 4, all);
  EXPECT_GT(all.class_count(), 1000U);
}

/// Few kinds of nodes on recent values: many automorphisms and near-automorphisms.
Program symmetric_program(std::size_t nodes, DrawCursor& cursor) {
  static constexpr std::array<const char*, 5> kNames = {"linear", "linear", "add", "multiply",
                                                        "subtract"};
  Program program;
  while (program.nodes.size() < nodes) {
    const auto values = static_cast<std::uint32_t>(program.value_count());
    const auto recent = [&] {
      return static_cast<ValueIndex>(values - 1 - cursor.below(std::min(values, 4U)));
    };
    const ValueIndex first = recent();
    const ValueIndex second = recent();
    program.nodes.push_back(
        make_node(primitive_index(kNames[cursor.below(kNames.size())]), first, second));
  }
  program.output = static_cast<ValueIndex>(program.value_count() - 1);
  return program;
}

TEST(CanonicalByForce, RandomSymmetricProgramsOfSevenNodes) {
  SmallPrograms all;
  DrawCursor cursor = cursor_of(77);
  for (int i = 0; i < 8000; ++i) ASSERT_NO_FATAL_FAILURE(all.add(symmetric_program(7, cursor)));
  EXPECT_GT(all.class_count(), 1000U);
  EXPECT_GT(all.compared(), 10000U);
}

TEST(CanonicalTies, RandomLayersOfTwins) {
  // Layers of trained twins, each layer's nodes on random pairs of the one before, all summed.
  DrawCursor cursor = cursor_of(78);
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto width = 2 + cursor.below(5);
    std::vector<std::array<ValueIndex, 2>> pairs;
    for (std::uint32_t k = 0; k < 2 * width; ++k) {
      pairs.push_back({static_cast<ValueIndex>(1 + cursor.below(width)),
                       static_cast<ValueIndex>(1 + cursor.below(width))});
    }
    ASSERT_NO_FATAL_FAILURE(expect_invariant(products(pairs, width), 20, 100 + i));
    ASSERT_NO_FATAL_FAILURE(expect_invariant(symmetric_program(20, cursor), 20, 500 + i));
  }
}

}  // namespace
}  // namespace nas::space
