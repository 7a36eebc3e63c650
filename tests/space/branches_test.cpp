#include <gtest/gtest.h>

#include <optional>

#include "nas/space/primitive.hpp"
#include "space/applied_primitive.hpp"

namespace nas::space {
namespace {

Shape tokens(int units) { return sequence_of(Axis::kNone, units_axis(units)); }
Shape branched(int branches, int units) {
  return sequence_of(branches_axis(branches), units_axis(units));
}
Shape scores(int branches) {
  return {{Axis::kBatch, branches_axis(branches), Axis::kSeq, Axis::kSeq}};
}

std::optional<Shape> type(const std::string& primitive, const Shape& input,
                          const std::vector<FieldValue>& fields) {
  const Node node = node_with(primitive, fields);
  return spec_of(node).type({&input, 1}, node);
}

TEST(CountedAxes, HaveTheirSizesAndText) {
  const Dims dims{.batch = 2, .seq = 3, .model_dim = 64};
  EXPECT_EQ(units_axis(16), Axis::kModelDim);
  EXPECT_EQ(dims.size(units_axis(24)), 96);
  EXPECT_EQ(dims.size(branches_axis(8)), 8);
  EXPECT_EQ(dims.elements(branched(8, 2)), 2 * 8 * 3 * 8);
  EXPECT_EQ(units_of(Axis::kModelDim), 16);
  EXPECT_EQ(units_of(Axis::kInnerDim), 0);
  EXPECT_EQ(branches_of(Axis::kHeads), 0);
  EXPECT_EQ(branches_of(branches_axis(256)), 256);
  EXPECT_EQ(units_of(units_axis(1024)), 1024);
  EXPECT_EQ(to_text(branched(8, 2)), "[batch, 8 branches, seq, 2 units]");
  EXPECT_EQ(to_text(tokens(16)), "[batch, seq, model_dim]");
}

TEST(CountedAxes, AreSequencesAndScoresLikeHeads) {
  EXPECT_TRUE(is_tokens(tokens(24)));
  EXPECT_TRUE(is_branched(branched(4, 2)) && is_branched(kHeadsShape));
  EXPECT_FALSE(is_branched(tokens(4)) || is_branched(scores(4)));
  EXPECT_TRUE(is_scores(scores(4)) && is_scores(kScoresShape));
  EXPECT_TRUE(is_state(kStateShape));
  EXPECT_FALSE(is_state(branched(4, 2)) || is_scores(branched(4, 2)));
  EXPECT_EQ(apply("matmul_nt", {branched(4, 2), branched(4, 2)}).output, scores(4));
  EXPECT_EQ(apply("matmul", {scores(4), branched(4, 3)}).output, branched(4, 3));
  EXPECT_EQ(type("softmax", scores(4), {}), scores(4));
  const std::array<Shape, 2> unlike = {branched(4, 2), branched(2, 2)};
  const Node node = make_node(primitive_index("matmul_nt"));
  EXPECT_EQ(spec_of(node).type(unlike, node), std::nullopt);
}

TEST(Branches, SplitMergeAndRepeatHaveTheirTypes) {
  EXPECT_EQ(type("split_branches", tokens(16), {{"count", 8}}), branched(8, 2));
  EXPECT_EQ(type("split_branches", branched(2, 8), {{"count", 4}}), branched(8, 2));
  EXPECT_EQ(type("split_branches", tokens(12), {{"count", 8}}), std::nullopt);
  EXPECT_EQ(type("split_branches", kInnerShape, {}), std::nullopt);
  EXPECT_EQ(type("split_branches", branched(128, 8), {{"count", 4}}), std::nullopt);
  EXPECT_EQ(type("merge_branches", branched(8, 2), {{"count", 8}}), kModelShape);
  EXPECT_EQ(type("merge_branches", branched(8, 2), {{"count", 2}}), branched(4, 4));
  EXPECT_EQ(type("merge_branches", branched(1, 5), {{"count", 1}}), tokens(5));
  EXPECT_EQ(type("merge_branches", branched(8, 2), {{"count", 3}}), std::nullopt);
  EXPECT_EQ(type("merge_branches", branched(16, 128), {{"count", 16}}), std::nullopt);
  EXPECT_EQ(type("merge_branches", scores(8), {{"count", 8}}), std::nullopt);
  EXPECT_EQ(type("merge_branches", kHeadsShape, {}), std::nullopt);
  EXPECT_EQ(type("repeat_branches", tokens(3), {{"count", 4}}), branched(4, 3));
  EXPECT_EQ(type("repeat_branches", branched(2, 3), {{"count", 4}}), branched(8, 3));
  EXPECT_EQ(type("repeat_branches", scores(2), {{"count", 4}}), scores(8));
  EXPECT_EQ(type("repeat_branches", branched(128, 3), {{"count", 4}}), std::nullopt);
  EXPECT_EQ(type("repeat_branches", kHeadsShape, {}), std::nullopt);
}

TEST(Branches, ConvAndFitMakeTheWantedFeatures) {
  EXPECT_EQ(type("branched_conv", tokens(3), {{"units", 5}}), tokens(5));
  EXPECT_EQ(type("branched_conv", branched(4, 3), {{"units", 5}}), branched(4, 5));
  EXPECT_EQ(type("branched_conv", kInnerShape, {}), kModelShape);
  EXPECT_EQ(type("branched_conv", scores(4), {}), std::nullopt);
  EXPECT_EQ(type("fit_features", branched(4, 3), {{"units", 16}}),
            sequence_of(branches_axis(4), Axis::kModelDim));
  EXPECT_EQ(type("fit_features", scores(4), {}), std::nullopt);
  const Node wide = node_with("branched_conv", {{"width", 3}});
  EXPECT_EQ(spec_of(wide).mixing({}, wide), TimeMixing::kCausal);
  const Node narrow = node_with("branched_conv", {});
  EXPECT_EQ(spec_of(narrow).mixing({}, narrow), TimeMixing::kTokenLocal);
}

// batch 2, seq 3, a unit of 4 features.
TEST(Branches, CostWhatTheyCompute) {
  const Dims dims{.batch = 2, .seq = 3, .heads = 4, .head_dim = 16, .model_dim = 64};
  // 8 branches, 2 units = 8 in, 3 units = 12 out, 3 taps: 2 * (2 * 8 * 3 * 12) * (3 * 8).
  const Applied conv = apply("branched_conv", {branched(8, 2)}, {{"units", 3}, {"width", 3}});
  EXPECT_EQ(conv.spec().flops(conv.context(dims)), 2 * 576 * 24);
  const ParameterList list = conv.spec().parameters(conv.context(dims));
  EXPECT_EQ(list.items[0].elements(), 8 * 12 * 3 * 8);
  for (const char* mover : {"split_branches", "merge_branches", "repeat_branches"}) {
    const Applied moved = apply(mover, {branched(8, 2)}, {{"count", 2}});
    EXPECT_EQ(moved.spec().flops(moved.context(dims)), 0) << mover;
    EXPECT_EQ(moved.spec().parameters, nullptr) << mover;
  }
  const Applied fit = apply("fit_features", {branched(8, 2)}, {{"units", 5}});
  EXPECT_EQ(fit.spec().flops(fit.context(dims)), 0);
  // Trained vectors of branches: one for each branch and feature, one for each branch of scores.
  const Applied scale = apply("scale_learned", {branched(8, 2)});
  EXPECT_EQ(scale.spec().parameters(scale.context(dims)).items[0].elements(), 8 * 8);
  const Applied bias = apply("shift_learned", {scores(8)});
  EXPECT_EQ(bias.spec().parameters(bias.context(dims)).items[0].elements(), 8);
}

}  // namespace
}  // namespace nas::space
