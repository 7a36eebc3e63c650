#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <set>

#include "nas/ops/cuda.hpp"
#include "nn/applied_primitive.hpp"
#include "support/gpu.hpp"

namespace nas::test {
namespace {

using space::kHeadsShape;
using space::kInnerShape;
using space::kModelShape;
using space::kScoresShape;
using space::kStateShape;

constexpr double kFloatTolerance = 1e-5;     // sums of at most 20 float32 terms of order 1
constexpr double kBfloat16Tolerance = 0.04;  // 8-bit mantissa, a few roundings, terms up to 3

double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble) - b.to(at::kDouble)).abs().max().item<double>();
}

TEST(PrimitiveTable, HoldsTheSamePrimitivesAsSpace) {
  const auto& specs = space::primitives();
  const auto& impls = nn::primitive_impls();
  ASSERT_EQ(specs.size(), impls.size());
  for (std::size_t i = 0; i < specs.size(); ++i) {
    EXPECT_EQ(specs[i].name, impls[i].name);
    EXPECT_NE(impls[i].forward, nullptr) << specs[i].name;
    EXPECT_EQ(specs[i].parameters == nullptr, impls[i].initial == nullptr) << specs[i].name;
  }
}

TEST(PrimitiveTable, HoldsEveryFile) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::directory_iterator(NAS_SOURCE_DIR "/src/nn/primitives")) {
    if (entry.path().extension() == ".cpp") files.insert(entry.path().stem());
  }
  std::set<std::string> expected{"builtin", "common"};
  for (const nn::PrimitiveImpl& impl : nn::primitive_impls()) expected.insert(impl.name);
  EXPECT_EQ(files, expected);
}

TEST(PrimitiveTable, EveryPrimitiveIsApplied) {
  std::map<std::string, int> count;
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    ++count[space::spec_of(applied.node).name];
  }
  EXPECT_EQ(count.size(), space::primitives().size());
}

TEST(PrimitiveTable, FirstValuesRepeatAlongTheLastAxis) {
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    for (std::size_t i = 0; i < applied.parameters.size(); ++i) {
      const nn::InitialValues rule = nn::impl_of(applied.node).initial(applied.context(), i);
      const auto last = static_cast<std::size_t>(applied.parameters[i].size(-1));
      ASSERT_FALSE(rule.mean.empty());
      EXPECT_EQ(last % rule.mean.size(), 0U) << applied.text();
    }
  }
}

TEST(Primitives, OutputsHaveTheShapeThatSpaceSays) {
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    const at::Tensor y = applied.forward(true);
    ASSERT_EQ(y.dim(), applied.output.rank()) << applied.text();
    for (int axis = 0; axis < applied.output.rank(); ++axis) {
      EXPECT_EQ(y.size(axis),
                applied.dims.size(applied.output.axes[static_cast<std::size_t>(axis)]))
          << applied.text();
    }
  }
}

/// Value, then gradients with respect to inputs and parameters, of a weighted sum of outputs.
std::vector<at::Tensor> value_and_gradients(AppliedPrimitive applied, bool is_causal,
                                            bool by_torchscript) {
  std::vector<at::Tensor> leaves;
  for (std::vector<at::Tensor>* tensors : {&applied.inputs, &applied.parameters}) {
    for (at::Tensor& tensor : *tensors) {
      tensor = tensor.detach().clone().requires_grad_(true);
      leaves.push_back(tensor);
    }
  }
  const at::Tensor y = by_torchscript ? applied.torchscript(is_causal) : applied.forward(is_causal);
  const at::Tensor weights = random_tensor(y.sizes(), 2, 0).to(y.device());
  (y * weights).sum().backward();
  std::vector<at::Tensor> result{y.detach()};
  for (const at::Tensor& leaf : leaves) {
    result.push_back(leaf.grad().defined() ? leaf.grad() : at::zeros_like(leaf));
  }
  return result;
}

TEST(Primitives, TorchscriptExpressionsComputeTheSameWithTheSameGradients) {
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    for (const bool is_causal : {true, false}) {
      const auto ours = value_and_gradients(applied, is_causal, false);
      const auto theirs = value_and_gradients(applied, is_causal, true);
      for (std::size_t i = 0; i < ours.size(); ++i) {
        ASSERT_TRUE(at::allclose(ours[i], theirs[i], kFloatTolerance, kFloatTolerance))
            << applied.text() << (is_causal ? " causal" : " bidirectional")
            << (i == 0 ? " value" : " gradient ") << i << ": "
            << largest_difference(ours[i], theirs[i]);
      }
    }
  }
}

TEST(GpuPrimitives, ComputeTheSameWithTheSameGradientsAsOnTheCpu) {
  NAS_TEST_REQUIRE_GPU();
  for (const AppliedPrimitive& applied : all_applied_primitives()) {
    AppliedPrimitive on_gpu = applied;
    for (std::vector<at::Tensor>* tensors : {&on_gpu.inputs, &on_gpu.parameters}) {
      for (at::Tensor& tensor : *tensors) tensor = tensor.cuda();
    }
    const auto expected = value_and_gradients(applied, true, false);
    const auto found = value_and_gradients(on_gpu, true, false);
    for (std::size_t i = 0; i < expected.size(); ++i) {
      EXPECT_TRUE(at::allclose(found[i].cpu(), expected[i], 1e-4, kFloatTolerance))
          << applied.text() << (i == 0 ? " value" : " gradient ") << i << ": "
          << largest_difference(found[i].cpu(), expected[i]);
    }
  }
}

TEST(Primitives, Bfloat16ActivationsGiveBfloat16CloseToFloat32) {
  for (AppliedPrimitive applied : all_applied_primitives()) {
    // A sixth of a unit keeps exp and square of order 1.
    for (at::Tensor& input : applied.inputs) input = input.div(6).to(at::kBFloat16);
    AppliedPrimitive wide = applied;
    for (at::Tensor& input : wide.inputs) input = input.to(at::kFloat);
    const at::Tensor y = applied.forward(true);
    EXPECT_EQ(y.scalar_type(), at::kBFloat16) << applied.text();
    const at::Tensor expected = wide.forward(true);
    const double scale = std::max(1.0, expected.abs().max().item<double>());
    EXPECT_LT(largest_difference(y, expected), kBfloat16Tolerance * scale) << applied.text();
  }
}

TEST(Primitives, ElementwiseOnesComputeTheirFormula) {
  const std::map<std::string, std::function<double(double, double)>> formulas{
      {"abs", [](double a, double) { return std::abs(a); }},
      {"abs_root", [](double a, double) { return std::sqrt(std::abs(a) + 1e-6); }},
      {"add", [](double a, double b) { return a + b; }},
      {"cos", [](double a, double) { return std::cos(a); }},
      {"divide", [](double a, double b) { return a / b; }},
      {"exp", [](double a, double) { return std::exp(a); }},
      {"gelu", [](double a, double) { return a * 0.5 * std::erfc(-a / std::sqrt(2.0)); }},
      {"log_abs", [](double a, double) { return std::log(std::abs(a) + 1e-6); }},
      {"maximum", [](double a, double b) { return std::max(a, b); }},
      {"minimum", [](double a, double b) { return std::min(a, b); }},
      {"multiply", [](double a, double b) { return a * b; }},
      {"negate", [](double a, double) { return -a; }},
      {"recip", [](double a, double) { return 1 / a; }},
      {"relu", [](double a, double) { return a > 0 ? a : 0; }},
      {"shift_const", [](double a, double) { return a + 1; }},
      {"sigmoid", [](double a, double) { return 1 / (1 + std::exp(-a)); }},
      {"sign", [](double a, double) { return a > 0 ? 1.0 : -1.0; }},
      {"silu", [](double a, double) { return a / (1 + std::exp(-a)); }},
      {"sin", [](double a, double) { return std::sin(a); }},
      {"square", [](double a, double) { return a * a; }},
      {"subtract", [](double a, double b) { return a - b; }},
      {"tanh", [](double a, double) { return std::tanh(a); }},
  };
  for (const auto& [name, formula] : formulas) {
    const auto arity =
        static_cast<std::size_t>(space::primitives()[space::primitive_index(name)].arity);
    const AppliedPrimitive applied =
        apply_primitive(name, std::vector<space::Shape>(arity, kHeadsShape));
    const at::Tensor y = applied.forward(true).contiguous();
    for (std::int64_t i = 0; i < y.numel(); ++i) {
      const double a = applied.inputs[0].const_data_ptr<float>()[i];
      const double b = applied.inputs[arity - 1].const_data_ptr<float>()[i];
      ASSERT_NEAR(y.const_data_ptr<float>()[i], formula(a, b), kFloatTolerance * std::exp(4.0))
          << name;
    }
  }
}

TEST(Primitives, TanhGeluUsesThePublishedConstants) {
  const AppliedPrimitive applied = apply_primitive("gelu", {kModelShape}, {{"approximate", 1}});
  const at::Tensor y = applied.forward(true);
  for (std::int64_t i = 0; i < y.numel(); ++i) {
    const double x = applied.inputs[0].const_data_ptr<float>()[i];
    const double inner = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
    ASSERT_NEAR(y.const_data_ptr<float>()[i], 0.5 * x * (1 + std::tanh(inner)), kFloatTolerance);
  }
}

TEST(Primitives, HeadsAreSplitAndMergedByChannel) {
  const AppliedPrimitive split = apply_primitive("split_heads", {kModelShape});
  const at::Tensor heads = split.forward(true);
  const auto x = split.inputs[0].accessor<float, 3>();
  const auto y = heads.accessor<float, 4>();
  const space::Dims dims = odd_dims();
  for (std::int64_t h = 0; h < dims.heads; ++h) {
    for (std::int64_t i = 0; i < dims.head_dim; ++i) {
      EXPECT_EQ(y[1][h][5][i], x[1][5][h * dims.head_dim + i]);
    }
  }
  AppliedPrimitive merge = apply_primitive("merge_heads", {kHeadsShape});
  merge.inputs[0] = heads;
  EXPECT_TRUE(at::equal(merge.forward(true), split.inputs[0]));
}

TEST(Primitives, CausalDepthwiseConvIsTheTripleLoop) {
  for (const double width : {1.0, 3.0, 7.0, 12.0}) {
    const AppliedPrimitive applied =
        apply_primitive("causal_depthwise_conv", {kHeadsShape}, {{"width", width}});
    const at::Tensor result = applied.forward(true);
    const auto y = result.accessor<float, 4>();
    const auto x = applied.inputs[0].accessor<float, 4>();
    const auto w = applied.parameters[0].accessor<float, 2>();
    const space::Dims dims = odd_dims();
    for (std::int64_t h = 0; h < dims.heads; ++h) {
      for (std::int64_t i = 0; i < dims.head_dim; ++i) {
        for (std::int64_t t = 0; t < dims.seq; ++t) {
          double sum = 0;
          for (std::int64_t j = 0; j < static_cast<std::int64_t>(width) && j <= t; ++j) {
            sum += static_cast<double>(w[h * dims.head_dim + i][j]) * x[1][h][t - j][i];
          }
          ASSERT_NEAR(y[1][h][t][i], sum, kFloatTolerance);
        }
      }
    }
  }
}

TEST(Primitives, ConvKeepsTheMemoryLayoutOfTokensFirst) {
  AppliedPrimitive applied = apply_primitive("causal_depthwise_conv", {kModelShape});
  EXPECT_TRUE(applied.forward(true).is_contiguous());
}

TEST(Primitives, RopeTurnsPairsOfHalvesByTheirAngle) {
  const double base = 50;
  const AppliedPrimitive applied = apply_primitive("rope", {kHeadsShape}, {{"base", base}});
  const at::Tensor result = applied.forward(true);
  const auto y = result.accessor<float, 4>();
  const auto x = applied.inputs[0].accessor<float, 4>();
  const space::Dims dims = odd_dims();
  const std::int64_t half = dims.head_dim / 2;
  for (std::int64_t t = 0; t < dims.seq; ++t) {
    for (std::int64_t i = 0; i < half; ++i) {
      const double angle =
          static_cast<double>(t) *
          std::pow(base, -2.0 * static_cast<double>(i) / static_cast<double>(dims.head_dim));
      const double a = x[1][2][t][i];
      const double b = x[1][2][t][i + half];
      ASSERT_NEAR(y[1][2][t][i], a * std::cos(angle) - b * std::sin(angle), kFloatTolerance);
      ASSERT_NEAR(y[1][2][t][i + half], b * std::cos(angle) + a * std::sin(angle), kFloatTolerance);
    }
  }
}

TEST(Primitives, TimeMixersSumTheTokensThatTheyName) {
  const at::Tensor x = apply_primitive("mean_time", {kInnerShape}).inputs[0];
  const auto row = [](const at::Tensor& y, std::int64_t t) { return y.select(1, t); };
  const at::Tensor back =
      apply_primitive("shift_time", {kInnerShape}, {{"steps", 2}}).forward(true);
  EXPECT_TRUE(at::equal(row(back, 6), row(x, 4)));
  EXPECT_EQ(row(back, 1).abs().max().item<float>(), 0);
  const at::Tensor ahead =
      apply_primitive("shift_time", {kInnerShape}, {{"steps", -3}}).forward(false);
  EXPECT_TRUE(at::equal(row(ahead, 1), row(x, 4)));
  EXPECT_EQ(row(ahead, 4).abs().max().item<float>(), 0);
  const at::Tensor running = apply_primitive("cumulative_mean", {kInnerShape}).forward(true);
  EXPECT_LT(largest_difference(row(running, 3), x.narrow(1, 0, 4).mean(1)), kFloatTolerance);
  const at::Tensor mean = apply_primitive("mean_time", {kInnerShape}).forward(false);
  EXPECT_LT(largest_difference(row(mean, 5), x.mean(1)), kFloatTolerance);
}

TEST(Primitives, NormsComputeTheirFormula) {
  const AppliedPrimitive layer = apply_primitive("layer_norm", {kHeadsShape}, {{"eps", 0.1}});
  const at::Tensor& x = layer.inputs[0];
  const at::Tensor centred = x - x.mean(-1, true);
  const at::Tensor expected =
      centred / (centred.square().mean(-1, true) + 0.1).sqrt() * layer.parameters[0] +
      layer.parameters[1];
  EXPECT_LT(largest_difference(layer.forward(true), expected), kFloatTolerance);
  const AppliedPrimitive rms = apply_primitive("rms_norm", {kHeadsShape}, {{"eps", 0.1}});
  const at::Tensor by_rms =
      rms.inputs[0] / (rms.inputs[0].square().mean(-1, true) + 0.1).sqrt() * rms.parameters[0];
  EXPECT_LT(largest_difference(rms.forward(true), by_rms), kFloatTolerance);
}

TEST(Primitives, LearnedVectorsAreOneValueForEachHeadOfScores) {
  const AppliedPrimitive scale = apply_primitive("scale_learned", {kScoresShape});
  const at::Tensor y = scale.forward(true);
  for (std::int64_t h = 0; h < 3; ++h) {
    const at::Tensor expected = scale.inputs[0].select(1, h) * scale.parameters[0][h];
    EXPECT_TRUE(at::equal(y.select(1, h), expected));
  }
  const AppliedPrimitive shift = apply_primitive("shift_learned", {kHeadsShape});
  const at::Tensor shifted = shift.forward(true);
  EXPECT_TRUE(at::equal(shifted[1][2][3], shift.inputs[0][1][2][3] + shift.parameters[0][2]));
}

TEST(Primitives, ScaleConstMultipliesBothFactors) {
  const AppliedPrimitive applied =
      apply_primitive("scale_const", {kScoresShape}, {{"value", 6}, {"by", 1}});
  EXPECT_TRUE(at::equal(applied.forward(true), applied.inputs[0] * 1.5));  // head_dim 16
}

// Scores: in a causal model nothing of a later key or query reaches an earlier row.

TEST(Scores, MatmulNtIsZeroAboveTheDiagonalOfACausalModelAlone) {
  const AppliedPrimitive applied = apply_primitive("matmul_nt", {kHeadsShape, kHeadsShape});
  const at::Tensor product = applied.inputs[0].matmul(applied.inputs[1].transpose(-2, -1));
  EXPECT_TRUE(at::equal(applied.forward(false), product));
  EXPECT_TRUE(at::equal(applied.forward(true), product.tril()));
}

TEST(Scores, AnOverflowAtALaterKeyIsSelectedAway) {
  AppliedPrimitive applied = apply_primitive("matmul_nt", {kHeadsShape, kHeadsShape});
  const at::Tensor before = applied.forward(true);
  applied.inputs[1].select(2, 6).fill_(std::numeric_limits<float>::max());
  const at::Tensor after = applied.forward(true);
  EXPECT_TRUE(at::equal(before.narrow(2, 0, 6), after.narrow(2, 0, 6)));
  EXPECT_FALSE(after.select(2, 6).isfinite().all().item<bool>());
}

TEST(Scores, SoftmaxOverKeysIgnoresWhatStandsAboveTheDiagonal) {
  AppliedPrimitive applied = apply_primitive("softmax", {kScoresShape});
  const at::Tensor weights = applied.forward(true);
  EXPECT_LT(largest_difference(weights.sum(-1), at::ones({2, 3, 7})), kFloatTolerance);
  EXPECT_EQ(weights.triu(1).abs().max().item<float>(), 0);
  const at::Tensor later = at::ones({7, 7}, at::kBool).triu(1);
  for (const float bad :
       {std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 5.0F}) {
    applied.inputs[0].masked_fill_(later, bad);
    EXPECT_TRUE(at::equal(applied.forward(true), weights)) << bad;
  }
}

TEST(Scores, NoBadValueOfALaterRowReachesAnEarlierOneThroughMatmul) {
  for (const space::Shape& rows : {kHeadsShape, kScoresShape}) {
    for (const float bad :
         {std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity(),
          std::numeric_limits<float>::quiet_NaN()}) {
      AppliedPrimitive applied = apply_primitive("matmul", {kScoresShape, rows});
      const at::Tensor before = applied.forward(true);
      applied.inputs[1].select(2, 5).fill_(bad);
      applied.inputs[0].masked_fill_(at::ones({7, 7}, at::kBool).triu(1), bad);
      const at::Tensor after = applied.forward(true);
      EXPECT_TRUE(at::equal(before.narrow(2, 0, 5), after.narrow(2, 0, 5))) << bad;
    }
  }
}

TEST(Scores, MatmulOfABidirectionalModelIsPlain) {
  const AppliedPrimitive applied = apply_primitive("matmul", {kScoresShape, kHeadsShape});
  EXPECT_TRUE(at::equal(applied.forward(false), applied.inputs[0].matmul(applied.inputs[1])));
  const AppliedPrimitive state = apply_primitive("matmul", {kHeadsShape, kStateShape});
  EXPECT_TRUE(at::equal(state.forward(false), state.inputs[0].matmul(state.inputs[1])));
  const AppliedPrimitive sum = apply_primitive("matmul_tn", {kHeadsShape, kHeadsShape});
  EXPECT_LT(largest_difference(sum.forward(false)[1][2],
                               at::mm(sum.inputs[0][1][2].t(), sum.inputs[1][1][2])),
            kFloatTolerance);
}

}  // namespace
}  // namespace nas::test
