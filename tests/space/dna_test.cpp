#include "nas/space/dna.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/canonical.hpp"
#include "nas/space/check.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/space.hpp"
#include "nas/space/text.hpp"

namespace nas::space {
namespace {

constexpr std::int64_t kModelDim = 64;

Dna initial() { return primer_transformer(4, kModelDim, Positions::kRope); }

DnaRules all_operations() {
  DnaRules rules;
  for (std::size_t i = 0; i < dna_operations().size(); ++i) {
    rules.operations.push_back(static_cast<std::uint16_t>(i));
  }
  return rules;
}

MutationRules layer_rules() {
  MutationRules rules;
  rules.check.max_nodes = 256;
  return rules;
}

Program lowered(const Dna& dna) {
  const auto program = lower(dna);
  EXPECT_TRUE(program.has_value());
  return program.value_or(Program{});
}

Program lowered(const std::string& text) { return lowered(dna_from_text(text, "test")); }

std::string error_of(const std::string& text) {
  try {
    static_cast<void>(dna_from_text(text, "test"));
  } catch (const Error& error) {
    return error.what();
  }
  return "accepted";
}

std::map<std::string, int> primitives_of(const Program& program) {
  std::map<std::string, int> counts;
  for (const Node& node : program.nodes) ++counts[spec_of(node).name];
  return counts;
}

/// A child of a random walk of `steps` guarded mutations.
Dna walked(std::uint64_t walk, int steps) {
  Dna dna = initial();
  for (int step = 0; step < steps; ++step) {
    DrawCursor cursor({7, Purpose::kTest, walk, static_cast<std::uint32_t>(step)});
    Dna child;
    MutationKind kind{};
    if (!mutate_dna(dna, all_operations(), layer_rules(), cursor, child, kind)) break;
    dna = child;
  }
  return dna;
}

TEST(DnaOperations, AreThe39OfThePaperAndRope) {
  EXPECT_EQ(dna_operations().size(), kPaperOperations + 1);
  std::set<std::string> names;
  for (const DnaOperation& operation : dna_operations()) names.insert(operation.name);
  EXPECT_EQ(names.size(), dna_operations().size());
  for (const char* name :
       {"add", "difference", "divide", "t_mat_mul", "abs_root", "log", "recip", "c_mul", "scale",
        "shift", "red_prod", "conv_31x1", "dconv_15x1", "mask", "cum_prod", "cum_sum"}) {
    EXPECT_TRUE(names.contains(name)) << name;
  }
}

TEST(PrimerTransformer, HasTenSubprogramsAndLowersToTheVanillaLayer) {
  const Dna dna = initial();
  EXPECT_EQ(dna.subprograms.size(), 10U);
  EXPECT_EQ(fault_of(dna), "");
  const Program program = lowered(dna);
  const auto counts = primitives_of(program);
  // Softmax, norms and ReLU in their safe forms; nothing of EXP, DIVIDE and the z-score is left.
  EXPECT_EQ(counts.at("softmax"), 1);
  EXPECT_EQ(counts.at("layer_norm"), 2);
  EXPECT_EQ(counts.at("relu"), 1);
  EXPECT_FALSE(counts.contains("exp"));
  EXPECT_FALSE(counts.contains("divide"));
  const Program vanilla = layer_program({block_program("softmax_attention", Slot::kMixer, {}),
                                         block_program("relu", Slot::kFeedForward, {})});
  Architecture made{{.model_dim = kModelDim}, {{4, 4 * kModelDim, program}}};
  Architecture known{{.model_dim = kModelDim}, {{4, 4 * kModelDim, vanilla}}};
  EXPECT_EQ(cost_of(made, {}).params, cost_of(known, {}).params);
  EXPECT_EQ(cost_of(made, {}).flops_per_token, cost_of(known, {}).flops_per_token);
}

TEST(PrimerTransformer, RefusesOtherHeads) {
  EXPECT_THROW(static_cast<void>(primer_transformer(3, 48, Positions::kRope)), Error);
  for (const int heads : kBranchings) {
    const Dna dna = primer_transformer(heads, kModelDim, Positions::kNone);
    CheckedProgram checked;
    EXPECT_EQ(check(lowered(dna), layer_rules().check, checked).kind, Rejection::Kind::kNone);
  }
}

Space dna_space() {
  return Space::from_json(
      Json::parse(R"({"layers": 1, "model_dim": 64, "heads": 4, "inner_dim": 256,
                      "layer": {"program": {"language": "dna", "vocabulary": "primer",
                                            "initial": "primer_transformer", "max_nodes": 256}}})"),
      ModelSpec{}, JsonPositions("test"), "/space");
}

TEST(DnaText, TenThousandRoundTripWithTheirHash) {
  const Space space = dna_space();
  Sample sample = space.initial();
  int count = 0;
  for (std::uint64_t walk = 0; count < 10000; ++walk) {
    Dna dna = initial();
    for (std::uint32_t step = 0; step < 20; ++step) {
      DrawCursor cursor({7, Purpose::kTest, walk, step});
      Dna child;
      MutationKind kind{};
      ASSERT_TRUE(mutate_dna(dna, all_operations(), layer_rules(), cursor, child, kind));
      dna = child;
      const std::string text = to_text(dna);
      ASSERT_TRUE(is_dna_text(text));
      ASSERT_EQ(dna_from_text(text, "test"), dna) << text;
      sample.dnas[0] = dna;
      sample.programs[0] = lowered(dna);
      const Sample read = space.sample_from_json(space.to_json(sample));
      ASSERT_EQ(read.dnas[0], dna) << text;
      ASSERT_EQ(hash_of(space.architecture(read)), hash_of(space.architecture(sample))) << text;
      ++count;
    }
  }
}

TEST(DnaText, SaysWhatIsWrongAndWhere) {
  const std::string head = "dna\nconstants = [1]\ndims = [16]\n";
  EXPECT_NE(error_of("dna\nconstants = [1]\ndims = [5]\n").find("test:3:9"), std::string::npos);
  EXPECT_NE(
      error_of(head + "subprogram main(x, y)\n  a = tanhh(x)\n").find("did you mean \"tanh\""),
      std::string::npos);
  EXPECT_NE(error_of(head + "subprogram main(x, y)\n  a = main(x, y)\n").find("only later ones"),
            std::string::npos);
  EXPECT_NE(error_of(head + "subprogram main(x, y)\n  a = add(x)\n").find("takes 2 inputs"),
            std::string::npos);
  EXPECT_NE(error_of(head + "subprogram main(x, y)\n  a = tanh(b)\n").find("unknown value"),
            std::string::npos);
  EXPECT_NE(error_of(head + "subprogram main(x, y)\n  a = c_mul(x, constant=c1)\n").find("c0"),
            std::string::npos);
  EXPECT_NE(error_of(head + "subprogram main(x, y)\n  a = tanh(x, branch=3)\n").find("1, 2, 4"),
            std::string::npos);
  EXPECT_NE(error_of(head + "subprogram tanh(x, y)\n").find("is an operation"), std::string::npos);
  EXPECT_NE(error_of(head).find("subprogram"), std::string::npos);
}

TEST(DnaLowering, ChangingABankChangesEveryUser) {
  const std::string text =
      "dna\nconstants = [2]\ndims = [16]\nsubprogram main(x, y)\n  a = c_mul(x)\n  b = tanh(a)\n"
      "  c = c_mul(b)\n";
  Dna dna = dna_from_text(text, "test");
  dna.constants[0] = 3;
  int users = 0;
  const Program program = lowered(dna);
  for (const Node& node : program.nodes) users += node.fields[0] == 3 ? 1 : 0;
  EXPECT_EQ(users, 2);
}

/// Three subprograms that share both banks: c0 and d0 are read in each of them, c1 and d1 once.
constexpr const char* kSharedBanks =
    "dna\nconstants = [0.25, 3]\ndims = [8, 4]\n"
    "subprogram main(x, y)\n  a = c_mul(x)\n  b = part(a, a)\n  c = conv_1x1(b)\n"
    "  d = c_mul(c, constant=c1)\n"
    "subprogram part(x, y)\n  a = conv_1x1(x)\n  b = c_mul(a)\n  c = other(b, b)\n"
    "subprogram other(x, y)\n  a = conv_1x1(x)\n  b = c_mul(a)\n  c = conv_1x1(b, dim=d1)\n";

/// How often each number stands behind `key` among the nodes of a primitive.
std::map<std::string, int> numbers_of(const Program& program, const std::string& primitive,
                                      const std::string& key) {
  std::map<std::string, int> counts;
  std::istringstream lines(to_text(program));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t at = line.find(key + "=");
    if (line.find(" " + primitive + "(") == std::string::npos || at == std::string::npos) continue;
    const std::size_t begin = at + key.size() + 1;
    ++counts[line.substr(begin, line.find_first_of(",)", begin) - begin)];
  }
  return counts;
}

TEST(DnaMutation, AChangedBankReachesEveryUserAndNothingElse) {
  const Dna parent = dna_from_text(kSharedBanks, "test");
  const auto constants = numbers_of(lowered(parent), "scale_const", "value");
  const auto units = numbers_of(lowered(parent), "branched_conv", "units");
  ASSERT_EQ(constants, (std::map<std::string, int>{{"0.25", 3}, {"3", 1}}));
  ASSERT_EQ(units, (std::map<std::string, int>{{"8", 3}, {"4", 1}}));
  int constants_changed = 0;
  int dims_changed = 0;
  for (std::uint32_t i = 0; i < 500; ++i) {
    Dna child;
    DrawCursor cursor({37, Purpose::kTest, 2, i});
    ASSERT_TRUE(try_dna_mutation(MutationKind::kBank, parent, all_operations(), cursor, child));
    ASSERT_EQ(child.subprograms, parent.subprograms);
    const bool first = child.constants[0] != parent.constants[0];
    const bool second = child.constants[1] != parent.constants[1];
    const bool is_dim = child.dims != parent.dims;
    ASSERT_EQ(int{first} + int{second} + int{is_dim}, 1) << to_text(child);
    constants_changed += is_dim ? 0 : 1;
    dims_changed += is_dim ? 1 : 0;
    std::map<std::string, int> wanted;
    wanted[format_exact(child.constants[0])] += 3;
    wanted[format_exact(child.constants[1])] += 1;
    ASSERT_EQ(numbers_of(lowered(child), "scale_const", "value"), wanted) << to_text(child);
    std::map<std::string, int> wanted_units;
    // 16 units, all of model_dim, are the default and not written.
    if (child.dims[0] != 16) wanted_units[std::to_string(child.dims[0])] += 3;
    if (child.dims[1] != 16) wanted_units[std::to_string(child.dims[1])] += 1;
    ASSERT_EQ(numbers_of(lowered(child), "branched_conv", "units"), wanted_units) << to_text(child);
  }
  // Each of the four values is as likely: 250 of each bank, within four standard deviations.
  EXPECT_NEAR(constants_changed, 250, 4 * std::sqrt(500 * 0.25));
  EXPECT_EQ(constants_changed + dims_changed, 500);
}

TEST(DnaLowering, BranchesAreOneMatrixProduct) {
  const Program program = lowered(
      "dna\nconstants = [1]\ndims = [16, 2]\nsubprogram main(x, y)\n  a = conv_1x1(x, dim=d1, "
      "branch=8)\n");
  EXPECT_EQ(to_text(program),
            "program(x: [batch, seq, model_dim])\n  v1 = branched_conv(x)\n  return v1\n");
}

TEST(DnaLowering, BranchesOfACallHaveTheirOwnParameters) {
  const Program program = lowered(
      "dna\nconstants = [1]\ndims = [16, 2]\nsubprogram main(x, y)\n  a = part(x, x, branch=8)\n"
      "subprogram part(x, y)\n  a = conv_1x1(x, dim=d1)\n  b = conv_1x1(a, dim=d1)\n");
  // Eight branches of 2 units out of the tokens at once, then 2 to 2 units in each branch.
  EXPECT_EQ(to_text(program),
            "program(x: [batch, seq, model_dim])\n"
            "  v1 = branched_conv(x)\n"
            "  v2 = split_branches(v1, count=8)\n"
            "  v3 = branched_conv(v2, units=2)\n"
            "  v4 = merge_branches(v3, count=8)\n"
            "  return v4\n");
  // unit = 64 / 16 = 4: 16 units x 64 inputs, then 8 branches x (8 x 8).
  const Architecture model{{.model_dim = kModelDim}, {{4, kModelDim, program}}};
  const Cost cost = cost_of(model, {});
  EXPECT_EQ(cost.decoder_params - 2 * kModelDim, 64 * 64 + 8 * 8 * 8);
}

TEST(DnaLowering, EqualBranchesAreComputedOnce) {
  const Program program = lowered(
      "dna\nconstants = [1]\ndims = [16]\nsubprogram main(x, y)\n  a = tanh(x, branch=4)\n"
      "  b = conv_1x1(a)\n");
  EXPECT_EQ(primitives_of(program).at("tanh"), 1);
  EXPECT_EQ(primitives_of(program).at("fit_features"), 1);
}

TEST(DnaLowering, OnlyWhatTheResultNeedsIsLowered) {
  const Program program = lowered(
      "dna\nconstants = [1]\ndims = [16]\nsubprogram main(x, y)\n  a = conv_1x1(x)\n  b = "
      "tanh(y)\n");
  EXPECT_EQ(program.nodes.size(), 1U);
}

TEST(DnaLowering, MismatchesAreResolvedAsTheirPlaceSays) {
  std::set<std::string> forms;
  std::string padding;
  for (int lines = 0; lines < 24; ++lines) {
    const std::string text = "dna\nconstants = [1]\ndims = [16, 24]\nsubprogram main(x, y)\n" +
                             padding + "  w = conv_1x1(x, dim=d1)\n  s = add(x, w)\n";
    const Program program = lowered(text);
    EXPECT_EQ(program, lowered(text));
    forms.insert(to_text(program));
    padding += "  p" + std::to_string(lines) + " = tanh(x)\n";
  }
  // x alone, w alone (then cut to model_dim), and the sum with either one fitted to the other.
  EXPECT_EQ(forms.size(), 4U);
}

TEST(DnaLowering, GivesUpWhereCallsMultiply) {
  std::string text = "dna\nconstants = [1]\ndims = [16]\n";
  for (int i = 0; i < 30; ++i) {
    const std::string next = std::to_string(i + 1);
    text += "subprogram s" + std::to_string(i) + "(x, y)\n";
    text += "  a = s" + next + "(x, y)\n";
    text += "  b = s" + next + "(a, a)\n";
  }
  text += "subprogram s30(x, y)\n";
  EXPECT_EQ(lower(dna_from_text(text, "test")), std::nullopt);
}

TEST(DnaMutation, EveryKindIsAcceptedFiveHundredTimes) {
  std::map<MutationKind, int> accepted;
  std::map<std::string, int> operations;
  const auto enough = [&] {
    if (accepted.size() < 6) return false;
    for (const auto& [kind, count] : accepted) {
      if (count < 500) return false;
    }
    return true;
  };
  std::uint64_t walk = 0;
  for (; walk < 2000 && !enough(); ++walk) {
    Dna dna = initial();
    for (std::uint32_t step = 0; step < 12; ++step) {
      DrawCursor cursor({11, Purpose::kTest, walk, step});
      Dna child;
      MutationKind kind{};
      if (!mutate_dna(dna, all_operations(), layer_rules(), cursor, child, kind)) break;
      ASSERT_EQ(fault_of(child), "");
      ++accepted[kind];
      dna = child;
    }
    for (const auto& [name, count] : primitives_of(lowered(dna))) operations[name] += count;
  }
  EXPECT_TRUE(enough()) << walk << " walks";
  EXPECT_GE(operations.size(), 30U);
}

TEST(DnaMutation, KindsAreDrawnEvenlyAndChildrenComputeSomethingElse) {
  constexpr int kChildren = 3000;
  std::map<MutationKind, int> kinds;
  for (std::uint64_t i = 0; i < kChildren; ++i) {
    const Dna parent = walked(i % 50, 5);
    DrawCursor cursor({12, Purpose::kTest, i, 0});
    Dna child;
    MutationKind kind{};
    ASSERT_TRUE(mutate_dna(parent, all_operations(), layer_rules(), cursor, child, kind));
    ASSERT_NE(canonical(lowered(child)), canonical(lowered(parent))) << "child " << i;
    ++kinds[kind];
  }
  // A sixth each is 500 with a standard deviation of 20; a kind that fails ten times is drawn anew.
  ASSERT_EQ(kinds.size(), 6U);
  for (const auto& [kind, count] : kinds) {
    EXPECT_GE(count, 420) << to_text(kind);
    EXPECT_LE(count, 580) << to_text(kind);
  }
}

TEST(DnaMutation, SwapIsItsOwnInverse) {
  int swapped = 0;
  for (std::uint32_t i = 0; i < 2000 && swapped < 500; ++i) {
    const Dna parent = walked(i % 20, 5);
    Dna child;
    Dna back;
    DrawCursor there({13, Purpose::kTest, i, 0});
    DrawCursor again({13, Purpose::kTest, i, 0});
    if (!try_dna_mutation(MutationKind::kSwap, parent, all_operations(), there, child)) continue;
    ASSERT_TRUE(try_dna_mutation(MutationKind::kSwap, child, all_operations(), again, back));
    EXPECT_EQ(back, parent);
    ++swapped;
  }
  EXPECT_EQ(swapped, 500);
}

TEST(DnaMutation, DeletingTheInsertedLineGivesTheParentBack) {
  int undone = 0;
  for (std::uint32_t i = 0; i < 700; ++i) {
    const Dna parent = walked(i % 20, 5);
    Dna child;
    DrawCursor cursor({17, Purpose::kTest, i, 0});
    if (!try_dna_mutation(MutationKind::kInsert, parent, all_operations(), cursor, child)) continue;
    bool found = false;
    for (std::uint32_t draw = 0; draw < 4000 && !found; ++draw) {
      Dna back;
      DrawCursor deletion({19, Purpose::kTest, i, draw});
      found = try_dna_mutation(MutationKind::kDelete, child, all_operations(), deletion, back) &&
              back == parent;
    }
    EXPECT_TRUE(found) << i;
    ++undone;
  }
  EXPECT_GE(undone, 500);
}

// Constants: c 10^X + Y. From c = 0 the child is Y; from a large c the logarithm of the ratio is X.
TEST(DnaMutation, ConstantsMoveAsThePaperSays) {
  Dna parent = initial();
  parent.constants = {0};
  const auto constants_after = [&](double constant, std::uint64_t subject) {
    std::vector<double> drawn;
    parent.constants[0] = constant;
    for (std::uint32_t i = 0; drawn.size() < 2000; ++i) {
      Dna child;
      DrawCursor cursor({23, Purpose::kTest, subject, i});
      EXPECT_TRUE(try_dna_mutation(MutationKind::kBank, parent, all_operations(), cursor, child));
      if (child.constants[0] != constant) drawn.push_back(child.constants[0]);
    }
    return drawn;
  };
  const auto moments = [](const std::vector<double>& values) {
    double mean = 0;
    double square = 0;
    for (const double value : values) mean += value / static_cast<double>(values.size());
    for (const double value : values) {
      square += (value - mean) * (value - mean) / static_cast<double>(values.size());
    }
    return std::pair(mean, std::sqrt(square));
  };
  const auto [mean, deviation] = moments(constants_after(0, 1));
  EXPECT_NEAR(mean, 0, 4 / std::sqrt(2000.0));
  EXPECT_NEAR(deviation, 1, 0.07);
  std::vector<double> logs;
  for (const double value : constants_after(100, 2)) {
    // Y is lost beside 100 10^X unless X is far below 0; those and the cut ones are the tails.
    if (value > 1 && value < kMaxConstant) logs.push_back(std::log10(value / 100));
  }
  const auto [log_mean, log_deviation] = moments(logs);
  EXPECT_NEAR(log_mean, 0, 0.1);
  EXPECT_NEAR(log_deviation, 0.9, 0.12);  // a standard normal cut at about +-2
}

TEST(DnaMutation, OtherDimensionsAreEquallyLikely) {
  const Dna parent = dna_from_text(
      "dna\nconstants = [1]\ndims = [8]\nsubprogram main(x, y)\n  a = conv_1x1(x)\n", "test");
  std::map<std::uint16_t, int> counts;
  int drawn = 0;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    Dna child;
    DrawCursor cursor({41, Purpose::kTest, 3, i});
    ASSERT_TRUE(try_dna_mutation(MutationKind::kBank, parent, all_operations(), cursor, child));
    if (child.dims == parent.dims) continue;
    ++counts[child.dims[0]];
    ++drawn;
  }
  ASSERT_EQ(counts.size(), kDnaDims.size() - 1);
  const double expected = drawn / static_cast<double>(counts.size());
  double chi_squared = 0;
  for (const auto& [dim, count] : counts) chi_squared += std::pow(count - expected, 2) / expected;
  EXPECT_LT(chi_squared, 26.1);  // the 0.999 quantile of 8 degrees of freedom
}

/// A change of one argument or of one dimension can be undone by the same kind.
TEST(DnaMutation, SomeDrawUndoesAChange) {
  for (const MutationKind kind : {MutationKind::kField, MutationKind::kBank}) {
    int undone = 0;
    for (std::uint32_t i = 0; i < 50; ++i) {
      Dna parent = dna_from_text(kSharedBanks, "test");
      Dna child;
      DrawCursor cursor({43, Purpose::kTest, 4, i});
      if (!try_dna_mutation(kind, parent, all_operations(), cursor, child)) continue;
      if (kind == MutationKind::kBank && child.constants != parent.constants) continue;  // real
      bool is_undone = false;
      for (std::uint32_t j = 0; j < 4000 && !is_undone; ++j) {
        Dna again;
        DrawCursor back({47, Purpose::kTest, i, j});
        is_undone = try_dna_mutation(kind, child, all_operations(), back, again) && again == parent;
      }
      EXPECT_TRUE(is_undone) << to_text(child);
      ++undone;
    }
    EXPECT_GT(undone, 15);
  }
}

TEST(DnaMutation, DimensionsStayInTheirSet) {
  std::set<std::uint16_t> seen;
  for (std::uint32_t i = 0; i < 500; ++i) {
    Dna child;
    DrawCursor cursor({29, Purpose::kTest, 1, i});
    ASSERT_TRUE(try_dna_mutation(MutationKind::kBank, initial(), all_operations(), cursor, child));
    ASSERT_EQ(fault_of(child), "");
    seen.insert(child.dims.begin(), child.dims.end());
  }
  EXPECT_EQ(seen.size(), kDnaDims.size());
}

}  // namespace
}  // namespace nas::space
