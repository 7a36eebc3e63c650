#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "nas/core/error.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/primitive_fields.hpp"
#include "space/applied_primitive.hpp"

namespace nas::space {
namespace {

const std::vector<Shape> kShapes = {kModelShape, kInnerShape, kHeadsShape, kScoresShape,
                                    kStateShape};

TEST(PrimitiveTable, IsAlphabeticalWithUniqueNames) {
  for (std::size_t i = 1; i < primitives().size(); ++i) {
    EXPECT_LT(primitives()[i - 1].name, primitives()[i].name);
  }
}

TEST(PrimitiveTable, HoldsEverySourceFileAndNothingElse) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(NAS_SOURCE_DIR "/src/space/primitives")) {
    if (entry.path().extension() == ".cpp") files.insert(entry.path().stem());
  }
  EXPECT_EQ(files.erase("builtin"), 1U);
  EXPECT_EQ(files.erase("rules"), 1U);
  std::set<std::string> names;
  for (const PrimitiveSpec& spec : primitives()) names.insert(spec.name);
  EXPECT_EQ(files, names);
}

TEST(PrimitiveTable, EntriesAreComplete) {
  for (const PrimitiveSpec& spec : primitives()) {
    SCOPED_TRACE(spec.name);
    EXPECT_FALSE(spec.formula.empty());
    EXPECT_FALSE(spec.source.empty());
    EXPECT_FALSE(spec.accepts.empty());
    EXPECT_TRUE(spec.arity == 1 || spec.arity == 2);
    EXPECT_TRUE(spec.arity == 2 || !spec.commutative);
    EXPECT_LE(spec.fields.size(), static_cast<std::size_t>(kMaxFields));
    ASSERT_NE(spec.type, nullptr);
    ASSERT_NE(spec.mixing, nullptr);
    ASSERT_NE(spec.flops, nullptr);
    ASSERT_NE(spec.torchscript, nullptr);
    for (const char letter : spec.formula) EXPECT_TRUE(letter >= ' ' && letter <= '~');
    for (const FieldSpec& field : spec.fields) {
      SCOPED_TRACE(field.name);
      EXPECT_FALSE(field.help.empty());
      EXPECT_LT(field.min, field.max);
      EXPECT_GE(field.fallback, field.min);
      EXPECT_LE(field.fallback, field.max);
      if (field.kind == FieldKind::kChoice) {
        EXPECT_EQ(field.max, static_cast<double>(field.choices.size()) - 1);
        EXPECT_EQ(field.min, 0);
      }
    }
  }
}

TEST(PrimitiveTable, FindsByName) {
  for (std::size_t i = 0; i < primitives().size(); ++i) {
    EXPECT_EQ(find_primitive(primitives()[i].name), i);
    EXPECT_EQ(primitive_index(primitives()[i].name), i);
  }
  EXPECT_EQ(find_primitive("matmu"), std::nullopt);
  EXPECT_EQ(find_primitive(""), std::nullopt);
  EXPECT_EQ(find_primitive("zzz"), std::nullopt);
}

TEST(PrimitiveTable, UnknownNameSuggestsTheNearest) {
  try {
    static_cast<void>(primitive_index("sofmax"));
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kConfig);
    EXPECT_NE(std::string(error.what()).find("\"sofmax\", did you mean \"softmax\"?"),
              std::string::npos)
        << error.what();
  }
}

TEST(PrimitiveTable, MakeNodeSetsDefaultsAndOnlyUsedInputs) {
  const Node conv = make_node(primitive_index("causal_depthwise_conv"), 4, 9);
  EXPECT_EQ(conv.inputs, (std::array<ValueIndex, 2>{4, 0}));
  EXPECT_EQ(conv.fields, (std::array<double, 3>{3, 0, 0}));
  const Node add = make_node(primitive_index("add"), 4, 9);
  EXPECT_EQ(add.inputs, (std::array<ValueIndex, 2>{4, 9}));
}

TEST(PrimitiveTable, NumberedFieldsAreTheNamedOnes) {
  const auto expect = [](const char* primitive, std::size_t field, const char* name,
                         const std::vector<std::string>& choices = {}) {
    SCOPED_TRACE(primitive);
    const FieldSpec& spec = primitives()[primitive_index(primitive)].fields.at(field);
    EXPECT_EQ(spec.name, name);
    EXPECT_EQ(spec.choices, choices);
  };
  expect("causal_conv", causal_conv_field::kOut, "out", {"model_dim", "inner_dim"});
  expect("causal_conv", causal_conv_field::kWidth, "width");
  expect("mask", mask_field::kWidth, "width");
  for (const char* name : {"reduce", "reduce_time"}) {
    expect(name, reduce_field::kOp, "op", {"mean", "sum", "min", "max", "prod"});
  }
  expect("reduce_time", reduce_field::kWindow, "window");
  expect("shift_const", shift_const_field::kValue, "value");
  expect("linear", linear_field::kOut, "out", {"model_dim", "inner_dim"});
  expect("linear", linear_field::kBias, "bias");
  expect("linear", linear_field::kInit, "init", {"fan_in", "query", "zero"});
  expect("causal_depthwise_conv", causal_depthwise_conv_field::kWidth, "width");
  expect("gelu", gelu_field::kApproximate, "approximate", {"none", "tanh"});
  expect("layer_norm", norm_field::kEps, "eps");
  expect("rms_norm", norm_field::kEps, "eps");
  expect("rope", rope_field::kBase, "base");
  expect("scale_const", scale_const_field::kValue, "value");
  expect("scale_const", scale_const_field::kBy, "by", {"one", "inv_sqrt_head_dim"});
  expect("shift_time", shift_time_field::kSteps, "steps");
  expect("softmax", softmax_field::kAxis, "axis", {"keys", "queries"});
  expect("softmax", softmax_field::kMask, "mask", {"by_type", "none"});
  EXPECT_EQ(static_cast<int>(LinearOut::kInnerDim), 1);
  EXPECT_EQ(static_cast<int>(LinearInit::kQuery), 1);
  EXPECT_EQ(static_cast<int>(LinearInit::kZero), 2);
  EXPECT_EQ(static_cast<int>(GeluApproximate::kTanh), 1);
  EXPECT_EQ(static_cast<int>(ReduceOp::kMin), 2);
  EXPECT_EQ(static_cast<int>(ReduceOp::kProd), 4);
  EXPECT_EQ(static_cast<int>(ScaleBy::kInvSqrtHeadDim), 1);
  EXPECT_EQ(static_cast<int>(SoftmaxAxis::kQueries), 1);
  EXPECT_EQ(static_cast<int>(SoftmaxMask::kNone), 1);
}

struct Accepted {
  std::vector<Shape> inputs;
  Shape output;
};

std::vector<Accepted> kept(const std::vector<Shape>& shapes) {
  std::vector<Accepted> accepted;
  accepted.reserve(shapes.size());
  for (const Shape& shape : shapes) accepted.push_back({{shape}, shape});
  return accepted;
}

std::vector<Accepted> pairs(const std::vector<Shape>& shapes) {
  std::vector<Accepted> accepted;
  accepted.reserve(shapes.size());
  for (const Shape& shape : shapes) accepted.push_back({{shape, shape}, shape});
  return accepted;
}

/// All that each primitive accepts among the five shapes; everything else must be refused.
std::map<std::string, std::vector<Accepted>> type_rules() {
  const std::vector<Accepted> any = kept(kShapes);
  const std::vector<Accepted> equal = pairs(kShapes);
  const std::vector<Accepted> sequence = kept({kModelShape, kInnerShape, kHeadsShape});
  const std::vector<Accepted> learned = kept({kModelShape, kInnerShape, kHeadsShape, kScoresShape});
  return {
      {"abs", any},
      {"abs_root", any},
      {"add", equal},
      {"causal_conv", {{{kModelShape}, kModelShape}, {{kInnerShape}, kModelShape}}},
      {"causal_depthwise_conv", sequence},
      {"cos", any},
      {"cumulative_mean", sequence},
      {"cumulative_product", sequence},
      {"cumulative_sum", sequence},
      {"divide", equal},
      {"exp", any},
      {"gelu", any},
      {"layer_norm", sequence},
      {"linear", {{{kModelShape}, kModelShape}, {{kInnerShape}, kModelShape}}},
      {"log_abs", any},
      {"mask", kept({kScoresShape})},
      {"matmul",
       {{{kScoresShape, kHeadsShape}, kHeadsShape},
        {{kScoresShape, kScoresShape}, kScoresShape},
        {{kHeadsShape, kStateShape}, kHeadsShape}}},
      {"matmul_nt", {{{kHeadsShape, kHeadsShape}, kScoresShape}}},
      {"matmul_tn", {{{kHeadsShape, kHeadsShape}, kStateShape}}},
      {"maximum", equal},
      {"mean_time", sequence},
      {"merge_heads", {{{kHeadsShape}, kModelShape}}},
      {"minimum", equal},
      {"multiply", equal},
      {"negate", any},
      {"recip", any},
      {"reduce", any},
      {"reduce_time", sequence},
      {"relative_bias", kept({kScoresShape})},
      {"relu", any},
      {"rms_norm", sequence},
      {"rope", kept({kHeadsShape})},
      {"scale_const", any},
      {"scale_learned", learned},
      {"shift_const", any},
      {"shift_learned", learned},
      {"shift_time", sequence},
      {"sigmoid", any},
      {"sign", any},
      {"silu", any},
      {"sin", any},
      {"softmax", kept({kScoresShape})},
      {"split_heads", {{{kModelShape}, kHeadsShape}}},
      {"square", any},
      {"subtract", equal},
      {"tanh", any},
      {"transpose", kept({kScoresShape})},
  };
}

std::vector<std::vector<Shape>> all_operands(int arity) {
  std::vector<std::vector<Shape>> all;
  for (const Shape& first : kShapes) {
    if (arity == 1) all.push_back({first});
    for (const Shape& second : kShapes) {
      if (arity == 2) all.push_back({first, second});
    }
  }
  return all;
}

TEST(PrimitiveTypes, AcceptExactlyTheListedOperands) {
  const auto rules = type_rules();
  for (const PrimitiveSpec& spec : primitives()) {
    if (spec.is_structural) continue;  // see branches_test.cpp
    ASSERT_TRUE(rules.contains(spec.name)) << spec.name;
    const std::vector<Accepted>& accepted = rules.at(spec.name);
    const Node node = make_node(primitive_index(spec.name));
    for (const std::vector<Shape>& operands : all_operands(spec.arity)) {
      std::optional<Shape> expected;
      for (const Accepted& rule : accepted) {
        if (rule.inputs == operands) expected = rule.output;
      }
      EXPECT_EQ(spec.type(operands, node), expected)
          << spec.name << " of " << to_text(operands.front()) << " and "
          << to_text(operands.back());
    }
  }
}

TEST(PrimitiveTypes, ProjectionsMakeTheFieldsSize) {
  EXPECT_EQ(apply("causal_conv", {kModelShape}, {{"out", 1}}).output, kInnerShape);
  EXPECT_EQ(apply("causal_conv", {kInnerShape}, {{"out", 1}}).output, kInnerShape);
  EXPECT_EQ(apply("linear", {kModelShape}, {{"out", 1}}).output, kInnerShape);
  EXPECT_EQ(apply("linear", {kInnerShape}, {{"out", 1}}).output, kInnerShape);
}

TEST(PrimitiveMixing, IsAsDefined) {
  using enum TimeMixing;
  const std::map<std::string, TimeMixing> mixing_primitives = {
      {"causal_conv", kCausal},      {"causal_depthwise_conv", kCausal},
      {"cumulative_mean", kCausal},  {"cumulative_product", kCausal},
      {"cumulative_sum", kCausal},   {"matmul", kCausal},
      {"matmul_nt", kCausal},        {"matmul_tn", kBidirectional},
      {"mean_time", kBidirectional}, {"reduce_time", kCausal},
      {"shift_time", kCausal},       {"softmax", kCausal},
      {"transpose", kBidirectional}};
  for (const auto& [name, accepted] : type_rules()) {
    const Node node = make_node(primitive_index(name));
    const auto found = mixing_primitives.find(name);
    EXPECT_EQ(spec_of(node).mixing(accepted.front().inputs, node),
              found == mixing_primitives.end() ? kTokenLocal : found->second)
        << name;
  }
}

TEST(PrimitiveMixing, DependsOnFieldsAndOperands) {
  using enum TimeMixing;
  const auto mixing = [](const Applied& applied) {
    return applied.spec().mixing(applied.inputs, applied.node);
  };
  EXPECT_EQ(mixing(apply("shift_time", {kHeadsShape}, {{"steps", -1}})), kBidirectional);
  EXPECT_EQ(mixing(apply("shift_time", {kHeadsShape}, {{"steps", 16}})), kCausal);
  EXPECT_EQ(mixing(apply("causal_depthwise_conv", {kModelShape}, {{"width", 1}})), kTokenLocal);
  EXPECT_EQ(mixing(apply("causal_conv", {kModelShape}, {{"width", 1}})), kTokenLocal);
  EXPECT_EQ(mixing(apply("reduce", {kScoresShape}, {{"op", 3}})), kCausal);
  EXPECT_EQ(mixing(apply("reduce", {kStateShape})), kTokenLocal);
  EXPECT_EQ(mixing(apply("reduce_time", {kModelShape}, {{"window", 0}})), kBidirectional);
  EXPECT_EQ(mixing(apply("reduce_time", {kModelShape}, {{"window", 1}})), kTokenLocal);
  EXPECT_EQ(mixing(apply("softmax", {kScoresShape}, {{"axis", 1}})), kBidirectional);
  EXPECT_EQ(mixing(apply("softmax", {kScoresShape}, {{"mask", 1}})), kBidirectional);
  EXPECT_EQ(mixing(apply("matmul", {kHeadsShape, kStateShape})), kTokenLocal);
  EXPECT_EQ(mixing(apply("matmul", {kScoresShape, kScoresShape})), kCausal);
}

TEST(PrimitiveMixing, WhateverCanLeakSaysWhy) {
  const auto reason = [](const std::string& name, const std::vector<FieldValue>& fields) {
    const Node node = node_with(name, fields);
    return spec_of(node).leak(node);
  };
  EXPECT_EQ(reason("shift_time", {{"steps", -2}}), "reads x[t+2]");
  EXPECT_EQ(reason("reduce_time", {{"window", 0}}),
            "reduces all tokens, later ones included; give it a window");
  EXPECT_EQ(reason("mean_time", {}), "averages over all tokens, later ones included");
  EXPECT_EQ(reason("matmul_tn", {}), "sums a[t] b[t]^T over all tokens, later ones included");
  EXPECT_EQ(reason("transpose", {}),
            "row t of transposed scores holds the scores of later queries");
  EXPECT_EQ(reason("softmax", {{"axis", 1}}), "normalises over all queries, later ones included");
  EXPECT_EQ(reason("softmax", {{"mask", 1}}), "normalises over all keys without the causal mask");
}

}  // namespace
}  // namespace nas::space
