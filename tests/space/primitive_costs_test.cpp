#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "nas/space/primitive.hpp"
#include "space/applied_primitive.hpp"

namespace nas::space {
namespace {

// Odd sizes, all different, so that no two axes can be mistaken for each other.
Dims odd_dims() {
  Dims dims;
  dims.batch = 3;
  dims.seq = 7;
  dims.heads = 5;
  dims.head_dim = 9;
  dims.model_dim = 45;
  dims.inner_dim = 77;
  return dims;
}

struct HandCount {
  std::string primitive;
  std::vector<Shape> inputs;
  std::vector<FieldValue> fields;
  double flops;
};

/// Written as sums over what is computed, at the odd sizes.
std::vector<HandCount> hand_counts() {
  const std::vector<Shape> model = {kModelShape};
  const std::vector<Shape> inner = {kInnerShape};
  const std::vector<Shape> heads = {kHeadsShape};
  const std::vector<Shape> scores = {kScoresShape};
  const std::vector<Shape> state = {kStateShape};
  const double tokens = 3 * 7;         // batch seq
  const double pairs = 3 * 5 * 7 * 7;  // batch heads seq seq
  return {
      {"abs", model, {}, tokens * 45},
      {"abs", scores, {}, pairs},
      {"abs", state, {}, 3 * 5 * 9 * 9},
      {"abs_root", inner, {}, tokens * 77 * 3},
      {"add", {kInnerShape, kInnerShape}, {}, tokens * 77},
      {"causal_conv", model, {}, tokens * 45 * (45 * 3 + 45 * 3)},
      {"causal_conv", model, {{"out", 1}, {"width", 31}}, tokens * 77 * (45 * 31 + 45 * 31)},
      {"causal_conv", inner, {{"width", 1}}, tokens * 45 * (77 + 77)},
      {"causal_depthwise_conv", model, {}, tokens * 45 * (3 + 3)},
      {"causal_depthwise_conv", inner, {{"width", 31}}, tokens * 77 * (31 + 31)},
      {"causal_depthwise_conv", heads, {{"width", 4}}, tokens * 5 * 9 * (4 + 4)},
      {"cos", heads, {}, tokens * 5 * 9},
      {"cumulative_mean", model, {}, tokens * 45 + tokens * 45},
      {"cumulative_mean", heads, {}, tokens * 5 * 9 + tokens * 5 * 9},
      {"cumulative_product", inner, {}, tokens * 77},
      {"cumulative_sum", heads, {}, tokens * 5 * 9},
      {"divide", {kScoresShape, kScoresShape}, {}, pairs * 3},
      {"exp", scores, {}, pairs},
      {"gelu", inner, {}, tokens * 77 * 5},
      {"gelu", inner, {{"approximate", 1}}, tokens * 77 * 9},
      {"layer_norm", model, {}, tokens * (45 * 7 + 4)},
      {"layer_norm", inner, {}, tokens * (77 * 7 + 4)},
      {"layer_norm", heads, {}, tokens * 5 * (9 * 7 + 4)},
      {"linear", model, {}, tokens * (45 * 45 + 45 * 45)},
      {"linear", model, {{"out", 1}}, tokens * (45 * 77 + 45 * 77)},
      {"linear", inner, {{"bias", 1}}, tokens * (77 * 45 + 77 * 45 + 45)},
      {"linear", inner, {{"out", 1}, {"bias", 1}}, tokens * (77 * 77 + 77 * 77 + 77)},
      {"log_abs", scores, {}, pairs * 3},
      {"mask", scores, {}, 0},
      {"matmul", {kScoresShape, kHeadsShape}, {}, 2 * 3 * 5 * (7 * 9 * 7)},
      {"matmul", {kScoresShape, kScoresShape}, {}, 2 * 3 * 5 * (7 * 7 * 7)},
      {"matmul", {kHeadsShape, kStateShape}, {}, 2 * 3 * 5 * (7 * 9 * 9)},
      {"matmul_nt", {kHeadsShape, kHeadsShape}, {}, 2 * 3 * 5 * (7 * 7 * 9)},
      {"matmul_tn", {kHeadsShape, kHeadsShape}, {}, 2 * 3 * 5 * (9 * 9 * 7)},
      {"maximum", {kModelShape, kModelShape}, {}, tokens * 45},
      {"mean_time", model, {}, 3 * 45 * (7 + 1)},
      {"mean_time", heads, {}, 3 * 5 * 9 * (7 + 1)},
      {"merge_heads", heads, {}, 0},
      {"minimum", {kScoresShape, kScoresShape}, {}, pairs},
      {"multiply", {kHeadsShape, kHeadsShape}, {}, tokens * 5 * 9},
      {"negate", heads, {}, tokens * 5 * 9},
      {"recip", model, {}, tokens * 45 * 3},
      {"reduce", model, {}, tokens * (45 + 1)},
      {"reduce", heads, {{"op", 3}}, tokens * 5 * 9},
      {"reduce", scores, {}, pairs + 3 * 5 * 7},
      {"reduce", scores, {{"op", 1}}, pairs},
      {"reduce_time", model, {}, tokens * 45 * (3 + 1)},
      {"reduce_time", inner, {{"op", 4}, {"window", 32}}, tokens * 77 * 31},
      {"reduce_time", heads, {{"window", 0}}, 3 * 5 * 9 * (7 + 1)},
      {"reduce_time", heads, {{"op", 2}, {"window", 0}}, 3 * 5 * 9 * 7},
      {"relative_bias", scores, {}, pairs},
      {"relu", inner, {}, tokens * 77},
      {"rms_norm", model, {}, tokens * (45 * 4 + 3)},
      {"rms_norm", heads, {}, tokens * 5 * (9 * 4 + 3)},
      {"rope", heads, {}, tokens * 5 * 9 * (2 + 1)},
      {"scale_const", scores, {{"by", 1}}, pairs},
      {"scale_learned", heads, {}, tokens * 5 * 9},
      {"shift_const", inner, {}, tokens * 77},
      {"shift_learned", scores, {}, pairs},
      {"shift_time", model, {}, 0},
      {"sigmoid", inner, {}, tokens * 77 * 4},
      {"sign", scores, {}, pairs},
      {"silu", inner, {}, tokens * 77 * 5},
      {"sin", model, {}, tokens * 45},
      {"softmax", scores, {}, pairs * 5},
      {"split_heads", model, {}, 0},
      {"square", inner, {}, tokens * 77},
      {"subtract", {kModelShape, kModelShape}, {}, tokens * 45},
      {"tanh", model, {}, tokens * 45},
      {"transpose", scores, {}, 0},
  };
}

TEST(PrimitiveCost, FlopsEqualHandCounts) {
  std::set<std::string> counted;
  for (const HandCount& count : hand_counts()) {
    const Applied applied = apply(count.primitive, count.inputs, count.fields);
    EXPECT_EQ(applied.spec().flops(applied.context(odd_dims())), count.flops)
        << count.primitive << " of " << to_text(count.inputs.front());
    counted.insert(count.primitive);
  }
  for (const PrimitiveSpec& spec : primitives()) {
    EXPECT_TRUE(spec.is_structural || counted.contains(spec.name)) << spec.name;
  }
}

std::string parameters_text(const Applied& applied) {
  if (applied.spec().parameters == nullptr) return "";
  const ParameterList list = applied.spec().parameters(applied.context(odd_dims()));
  std::string text;
  for (std::size_t i = 0; i < static_cast<std::size_t>(list.count); ++i) {
    const ParameterShape& item = list.items[i];
    std::string sizes;
    std::int64_t elements = 1;
    for (const std::int64_t size : item.axes()) {
      sizes += (sizes.empty() ? "" : ",") + std::to_string(size);
      elements *= size;
    }
    text += std::string(text.empty() ? "" : " ") + item.name + "[" + sizes + "]";
    EXPECT_EQ(item.elements(), elements);
  }
  return text;
}

TEST(PrimitiveCost, ParametersHaveTheirShapes) {
  EXPECT_EQ(parameters_text(apply("linear", {kModelShape})), "weight[45,45]");
  EXPECT_EQ(parameters_text(apply("linear", {kModelShape}, {{"out", 1}, {"bias", 1}})),
            "weight[77,45] bias[77]");
  EXPECT_EQ(parameters_text(apply("linear", {kInnerShape}, {{"bias", 1}})),
            "weight[45,77] bias[45]");
  EXPECT_EQ(parameters_text(apply("causal_conv", {kModelShape}, {{"out", 1}, {"width", 31}})),
            "weight[77,45,31]");
  EXPECT_EQ(parameters_text(apply("causal_conv", {kInnerShape}, {{"width", 1}})),
            "weight[45,77,1]");
  EXPECT_EQ(parameters_text(apply("relative_bias", {kScoresShape})), "weight[32,5]");
  EXPECT_EQ(parameters_text(apply("causal_depthwise_conv", {kInnerShape}, {{"width", 5}})),
            "weight[77,5]");
  EXPECT_EQ(parameters_text(apply("causal_depthwise_conv", {kHeadsShape})), "weight[45,3]");
  EXPECT_EQ(parameters_text(apply("layer_norm", {kModelShape})), "weight[45] bias[45]");
  EXPECT_EQ(parameters_text(apply("layer_norm", {kHeadsShape})), "weight[9] bias[9]");
  EXPECT_EQ(parameters_text(apply("rms_norm", {kInnerShape})), "weight[77]");
  EXPECT_EQ(parameters_text(apply("scale_learned", {kModelShape})), "weight[45]");
  EXPECT_EQ(parameters_text(apply("scale_learned", {kHeadsShape})), "weight[5,9]");
  EXPECT_EQ(parameters_text(apply("scale_learned", {kScoresShape})), "weight[5]");
  EXPECT_EQ(parameters_text(apply("shift_learned", {kInnerShape})), "bias[77]");
}

TEST(PrimitiveCost, NothingElseIsTrained) {
  const std::set<std::string> trained = {"branched_conv", "causal_conv",   "causal_depthwise_conv",
                                         "layer_norm",    "linear",        "relative_bias",
                                         "rms_norm",      "scale_learned", "shift_learned"};
  for (const PrimitiveSpec& spec : primitives()) {
    EXPECT_EQ(spec.parameters != nullptr, trained.contains(spec.name)) << spec.name;
    EXPECT_EQ(spec.shares_parameters, spec.name == "relative_bias") << spec.name;
  }
}

TEST(PrimitiveCost, ExtraSavedElements) {
  const auto saved = [](const Applied& applied) {
    return applied.spec().saved_elements(applied.context(odd_dims()));
  };
  EXPECT_EQ(saved(apply("layer_norm", {kModelShape})), 2 * 3 * 7);
  EXPECT_EQ(saved(apply("causal_conv", {kInnerShape}, {{"width", 7}})), 3 * 7 * 77 * 7);
  EXPECT_EQ(saved(apply("causal_conv", {kInnerShape}, {{"width", 1}})), 0);
  EXPECT_EQ(saved(apply("divide", {kModelShape, kModelShape})), 3 * 7 * 45);
  EXPECT_EQ(saved(apply("reduce", {kScoresShape})), 0);
  EXPECT_EQ(saved(apply("reduce", {kScoresShape}, {{"op", 2}})), 3 * 5 * 7 * 7 + 3 * 5 * 7);
  EXPECT_EQ(saved(apply("reduce", {kModelShape}, {{"op", 3}})), 3 * 7);
  EXPECT_EQ(saved(apply("reduce", {kModelShape}, {{"op", 4}})), 0);
  EXPECT_EQ(saved(apply("reduce_time", {kModelShape}, {{"op", 3}})), 4 * 3 * 7 * 45);
  EXPECT_EQ(saved(apply("reduce_time", {kModelShape}, {{"op", 2}, {"window", 0}})), 3 * 45);
  EXPECT_EQ(saved(apply("rms_norm", {kHeadsShape})), 3 * 5 * 7);
  EXPECT_EQ(saved(apply("matmul", {kScoresShape, kHeadsShape})), 3 * 5 * 7 * (7 + 9));
  EXPECT_EQ(saved(apply("matmul", {kScoresShape, kScoresShape})), 2 * 3 * 5 * 7 * 7);
  EXPECT_EQ(saved(apply("matmul", {kHeadsShape, kStateShape})), 0);
}

TEST(PrimitiveTorchscript, WritesTypedLiteralsAndSizes) {
  const auto source = [](const Applied& applied, const std::vector<std::string>& weights = {}) {
    const std::vector<std::string> in = {"a", "b"};
    const auto arity = static_cast<std::size_t>(applied.spec().arity);
    return applied.spec().torchscript(applied.context(odd_dims()), {in.data(), arity}, weights);
  };
  EXPECT_EQ(source(apply("subtract", {kModelShape, kModelShape})), "torch.sub(a, b)");
  EXPECT_EQ(source(apply("scale_const", {kScoresShape}, {{"by", 1}, {"value", 6}})),
            "torch.mul(a, 2.0)");
  EXPECT_EQ(source(apply("rope", {kHeadsShape})), "self.rope(a, 10000.0)");
  EXPECT_EQ(source(apply("layer_norm", {kHeadsShape}), {"self.w", "self.b"}),
            "torch.layer_norm(a, [9], self.w, self.b, 1e-05)");
  EXPECT_EQ(source(apply("linear", {kModelShape}), {"self.w"}), "torch.linear(a, self.w)");
  EXPECT_EQ(source(apply("scale_learned", {kScoresShape}), {"self.w"}),
            "torch.mul(a, torch.reshape(self.w, [5, 1, 1]))");
  EXPECT_EQ(source(apply("matmul", {kScoresShape, kHeadsShape})),
            "torch.matmul(self.mask_scores(a), self.finite_rows(b))");
  EXPECT_EQ(source(apply("softmax", {kScoresShape})), "self.softmax_keys(a)");
  EXPECT_EQ(source(apply("abs_root", {kModelShape})), "torch.sqrt(torch.add(torch.abs(a), 1e-06))");
  EXPECT_EQ(source(apply("mask", {kScoresShape})), "torch.tril(a)");
  EXPECT_EQ(source(apply("mask", {kScoresShape}, {{"width", 3}})), "torch.triu(torch.tril(a), -2)");
  EXPECT_EQ(source(apply("reduce", {kModelShape}, {{"op", 3}})),
            "torch.amax(a, [-1], True).expand_as(a)");
  EXPECT_EQ(source(apply("reduce", {kScoresShape}, {{"op", 2}})),
            "torch.amin(self.fill_later(a, float(\"inf\")), [-1], True).expand_as(a)");
  EXPECT_EQ(source(apply("reduce_time", {kModelShape}, {{"op", 4}})),
            "torch.prod(self.windows(a, 4, 1.0), 0, False)");
  EXPECT_EQ(source(apply("causal_conv", {kModelShape}, {{"width", 7}}), {"self.w"}),
            "self.dense_conv(a, self.w, 7)");
}

}  // namespace
}  // namespace nas::space
