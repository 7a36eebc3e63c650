#include "nn/causality.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <limits>

#include "nas/space/check.hpp"
#include "nn/layer_plan.hpp"
#include "nn/models.hpp"

namespace nas::test {
namespace {

constexpr std::int64_t kVocab = 40;

TEST(Causality, HoldsForHandMadeModels) {
  for (const bool fuse : {true, false}) {
    for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
      nn::Model model(architecture, {.fuse = fuse});
      model.initialise(1, 0);
      disturb(model, 0.1, 1);
      for (const std::int64_t seq : {1, 2, 9, 65}) {
        EXPECT_EQ(nn::causality_violation(model, seq, 3), "");
      }
    }
  }
}

/// The plan of a hand-made layer with one primitive's implementation replaced, as a function of
/// tokens: embedding, the layer, head.
class BrokenModel {
 public:
  BrokenModel(const std::string& primitive, at::Tensor (*forward)(const nn::ForwardContext&)) {
    broken_.name = primitive;
    broken_.forward = forward;
    const space::Architecture architecture = space::canonical(primer_architecture());
    std::vector<nn::LayerParameter> parameters;
    plan_ = nn::plan_layer(architecture, 0, parameters);
    nn::Model model(architecture, {});
    model.initialise(5, 0);
    std::vector<at::Tensor> tensors;
    for (const nn::NamedTensor& named : model.parameters()) {
      if (named.name.rfind("layers.0.", 0) == 0) tensors.push_back(named.tensor.detach());
    }
    nn::attach_parameters(plan_, tensors);
    nn::plan_releases(plan_);
    embedding_ = model.parameters()[0].tensor.detach();
    for (nn::Step& step : plan_.steps) {
      if (step.impl->name == primitive) step.impl = &broken_;
    }
  }

  [[nodiscard]] std::string violation(std::int64_t seq) {
    return nn::causality_violation(
        [this](const at::Tensor& tokens) {
          const at::Tensor x = at::embedding(embedding_, tokens);
          return at::linear(nn::run_plan(plan_, x, tables_), embedding_);
        },
        kVocab, seq, 1);
  }

 private:
  nn::PrimitiveImpl broken_;
  nn::LayerPlan plan_;
  at::Tensor embedding_;
  nn::TimeTables tables_{at::kCPU};
};

TEST(Causality, CatchesABrokenPrimitive) {
  // A convolution that looks one token ahead.
  BrokenModel conv("causal_depthwise_conv", [](const nn::ForwardContext& context) {
    return at::roll(context.inputs[0], -1, -2);
  });
  EXPECT_NE(conv.violation(9), "");
  // Values weighed by the keys' rows of the weights instead of the queries'.
  BrokenModel matmul("matmul", [](const nn::ForwardContext& context) {
    return context.inputs[0].transpose(-2, -1).matmul(context.inputs[1]);
  });
  EXPECT_NE(matmul.violation(9), "");
  // A norm over time.
  BrokenModel norm("layer_norm", [](const nn::ForwardContext& context) {
    return context.inputs[0] - context.inputs[0].mean(-2, true);
  });
  const std::string message = norm.violation(9);
  EXPECT_NE(message.find("changes the output at 0"), std::string::npos) << message;
}

// Masked scores are constants, and whoever sums over keys masks again.
TEST(Causality, HoldsForASoftmaxThatForgetsTheMask) {
  BrokenModel softmax(
      "softmax", [](const nn::ForwardContext& context) { return context.inputs[0].softmax(-1); });
  EXPECT_EQ(softmax.violation(9), "");
}

TEST(Causality, AcceptsTheSameHarnessUnbroken) {
  BrokenModel sound("square",
                    [](const nn::ForwardContext& context) { return context.inputs[0].square(); });
  EXPECT_EQ(sound.violation(9), "");
}

TEST(Causality, CatchesALeakOfOneBitAtOnePosition) {
  const nn::TokensToLogits leak = [](const at::Tensor& tokens) {
    at::Tensor logits = tokens.to(at::kFloat).unsqueeze(2).expand({-1, -1, 4}).contiguous();
    // Token 7 decides the last bit of one logit at 3.
    if (tokens[1][7].item<std::int64_t>() % 2 == 0) logits[1][3][2].mul_(1 + 0x1p-23);
    return logits;
  };
  int caught = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const std::string message = nn::causality_violation(leak, kVocab, 8, seed);
    if (message.empty()) continue;
    ++caught;
    EXPECT_EQ(message, "changing token 7 of 8 changes the output at 3");
  }
  EXPECT_GE(caught, 3);  // the parity changes in half of the seeds
}

TEST(FirstDifference, ComparesBitsButForSignsOfZeroAndNan) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const at::Tensor a = at::tensor({0.0F, nan, 1.0F}).view({1, 3, 1});
  EXPECT_EQ(nn::first_difference(a, at::tensor({-0.0F, -nan, 1.0F}).view({1, 3, 1})), 3);
  EXPECT_EQ(nn::first_difference(a, at::tensor({0.0F, nan, 1.0F + 0x1p-23F}).view({1, 3, 1})), 2);
  EXPECT_EQ(nn::first_difference(a, at::tensor({0.0F, 2.0F, 1.0F}).view({1, 3, 1})), 1);
  EXPECT_EQ(nn::first_difference(at::zeros({2, 0, 3}), at::zeros({2, 0, 3})), 0);
}

}  // namespace
}  // namespace nas::test
