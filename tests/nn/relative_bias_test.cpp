#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cmath>

#include "nas/nn/torchscript.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/relative_positions.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/causality.hpp"
#include "nn/models.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

using space::kScoresShape;

constexpr double kTolerance = 1e-5;

/// Two layers of attention with relative positions.
space::Architecture t5_architecture(const std::string& mixer = "t5_attention") {
  const space::BlockOptions options{space::Positions::kT5, false};
  space::Architecture architecture = small_architecture(
      space::layer_program({space::block_program(mixer, space::Slot::kMixer, options),
                            space::block_program("relu", space::Slot::kFeedForward, options)}),
      2);
  architecture.model.positions = space::Positions::kT5;
  return architecture;
}

const at::Tensor& table_of(const nn::Model& model) {
  for (const nn::NamedTensor& parameter : model.parameters()) {
    if (parameter.name == "relative_bias.weight") return parameter.tensor;
  }
  throw std::logic_error("no table");
}

TEST(RelativeBias, AddsTheTableByDistanceAndHead) {
  const space::Dims dims{
      .batch = 2, .seq = 200, .heads = 3, .head_dim = 4, .model_dim = 12, .inner_dim = 20};
  const AppliedPrimitive applied = apply_primitive("relative_bias", {kScoresShape}, {}, dims);
  const at::Tensor added = applied.forward(true) - applied.inputs[0];
  const at::Tensor& table = applied.parameters[0];
  for (const auto& [query, key, bucket] : std::vector<std::array<std::int64_t, 3>>{{0, 0, 0},
                                                                                   {5, 5, 0},
                                                                                   {5, 9, 0},
                                                                                   {9, 5, 4},
                                                                                   {15, 0, 15},
                                                                                   {16, 0, 16},
                                                                                   {18, 0, 16},
                                                                                   {19, 0, 17},
                                                                                   {112, 0, 30},
                                                                                   {113, 0, 31},
                                                                                   {199, 0, 31},
                                                                                   {199, 198, 1}}) {
    for (std::int64_t head = 0; head < 3; ++head) {
      EXPECT_NEAR(added[1][head][query][key].item<float>(), table[bucket][head].item<float>(),
                  kTolerance)
          << query << " " << key;
    }
  }
}

TEST(RelativeBias, AllLayersUseOneTableThatIsCountedOnce) {
  const space::Architecture architecture = t5_architecture();
  const nn::Model model(architecture, {});
  EXPECT_EQ(table_of(model).sizes(), (std::vector<std::int64_t>{space::kRelativeBuckets, 2}));
  std::int64_t count = 0;
  for (const nn::NamedTensor& parameter : model.parameters()) count += parameter.tensor.numel();
  const space::Cost cost = space::cost_of(architecture, {});
  EXPECT_EQ(count, cost.params);
  EXPECT_EQ(cost.embedding_params, 16 * 8 + 32 * 2);
}

TEST(RelativeBias, TheGradientSumsWhatAllLayersDoWithTheTable) {
  nn::Model model(t5_architecture(), {});
  model.initialise(1, 0);
  const at::Tensor tokens = random_tokens(2, 9, 16, 1);
  const auto loss = [&] { return model.forward(tokens).square().sum(); };
  loss().backward();
  const at::Tensor& table = table_of(model);
  const at::NoGradGuard no_grad;
  constexpr double kStep = 0.01;
  for (const std::int64_t bucket : {0, 3, 8}) {
    at::Tensor entry = table[bucket][1];
    entry.add_(kStep);
    const double above = loss().item<double>();
    entry.sub_(2 * kStep);
    const double below = loss().item<double>();
    entry.add_(kStep);
    const double slope = (above - below) / (2 * kStep);
    // float32 sums of 288 squares, and a curve instead of a line
    EXPECT_NEAR(table.grad()[bucket][1].item<double>(), slope, 0.02 + 0.02 * std::abs(slope));
  }
  EXPECT_EQ(table.grad().narrow(0, 9, 23).abs().max().item<float>(), 0);
}

TEST(RelativeBias, IsCausalAndExportsAtAnyLength) {
  const TemporaryFolder folder;
  for (const char* mixer : {"t5_attention", "mdha", "mdha_shared_qk", "softmax_attention"}) {
    nn::Model model(t5_architecture(mixer), {});
    model.initialise(1, 0);
    disturb(model, 0.1, 1);
    EXPECT_EQ(nn::causality_violation(model, 9, 1), "") << mixer;
    nn::save_torchscript(model, folder / "x.pt");
    const nn::TorchscriptModel saved(folder / "x.pt");
    const at::NoGradGuard no_grad;
    for (const std::int64_t seq : {1, 7, 150}) {
      const at::Tensor tokens = random_tokens(2, seq, 16, 5);
      EXPECT_TRUE(
          at::allclose(saved.forward(tokens), model.forward(tokens), kTolerance, kTolerance))
          << mixer << " " << seq;
    }
  }
}

TEST(RelativeBias, ScoresWithItAreNotFusedAway) {
  nn::Model fused(t5_architecture(), {.fuse = true});
  nn::Model plain(t5_architecture(), {.fuse = false});
  for (nn::Model* const model : {&fused, &plain}) {
    model->initialise(1, 0);
    disturb(*model, 0.5, 3);
  }
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = random_tokens(2, 20, 16, 1);
  EXPECT_TRUE(at::equal(fused.forward(tokens), plain.forward(tokens)));
}

}  // namespace
}  // namespace nas::test
