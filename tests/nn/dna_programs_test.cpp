#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>

#include "nas/nn/torchscript.hpp"
#include "nas/space/blocks.hpp"
#include "nas/space/cost.hpp"
#include "nas/space/dna.hpp"
#include "nas/space/primitive.hpp"
#include "nas/space/text.hpp"
#include "nn/applied_primitive.hpp"
#include "nn/causality.hpp"
#include "nn/models.hpp"
#include "support/required.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

constexpr std::int64_t kSeq = 7;
constexpr std::uint64_t kWalks = 200;

std::string where(std::uint64_t walk, const space::Program& program) {
  return "walk " + std::to_string(walk) + "\n" + space::to_text(program);
}

/// Parameters that depend on their number of elements alone, so that q, k and v are equal.
void set_by_size(nn::Model& model) {
  const at::NoGradGuard no_grad;
  for (const nn::NamedTensor& parameter : model.parameters()) {
    const auto elements = static_cast<std::uint64_t>(parameter.tensor.numel());
    parameter.tensor.copy_(
        random_tensor({parameter.tensor.numel()}, 5, elements).view(parameter.tensor.sizes()) *
        0.2);
  }
}

TEST(DnaPrograms, InitialProgramComputesTheVanillaLayer) {
  const at::NoGradGuard no_grad;
  const space::Program dna = required(
      space::lower(space::primer_transformer(4, kDnaModelDim, space::Positions::kRope)), "program");
  const space::Program vanilla =
      space::layer_program({space::block_program("softmax_attention", space::Slot::kMixer, {}),
                            space::block_program("relu", space::Slot::kFeedForward, {})});
  nn::Model made(dna_model(dna), {});
  nn::Model known(dna_model(vanilla), {});
  set_by_size(made);
  set_by_size(known);
  const at::Tensor tokens = random_tokens(3, kSeq, 16, 1);
  const at::Tensor difference = made.forward(tokens).sub(known.forward(tokens)).abs();
  EXPECT_LT(difference.max().item<double>(), 1e-5);  // sums of 128 float32 terms of order 1
}

// Evolution may give values another width than queries and keys, which the fused kernels refuse.
TEST(DnaPrograms, AttendToValuesOfAnotherWidth) {
  const at::NoGradGuard no_grad;
  const std::string text =
      "dna\nconstants = [1]\ndims = [16, 4, 2]\nsubprogram main(x, y)\n  h = head(x, x, branch=4)\n"
      "  out = conv_1x1(h)\nsubprogram head(x, y)\n  q = conv_1x1(x, dim=d1)\n  k = conv_1x1(x, "
      "dim=d1)\n  v = conv_1x1(x, dim=d2)\n  s = t_mat_mul(q, k)\n  w = soft(s, s)\n  out = "
      "mat_mul(w, v)\nsubprogram soft(x, y)\n  e = exp(x)\n  sum = red_sum(e)\n  out = divide(e, "
      "sum)\n";
  const space::Program program =
      required(space::lower(space::dna_from_text(text, "test")), "program");
  nn::Model fused(dna_model(program), {.fuse = true});
  nn::Model plain(dna_model(program), {.fuse = false});
  set_by_size(fused);
  set_by_size(plain);
  const at::Tensor tokens = random_tokens(2, kSeq, 16, 3);
  EXPECT_LT(fused.forward(tokens).sub(plain.forward(tokens)).abs().max().item<double>(), 1e-5);
}

TEST(DnaPrograms, CountTheirParametersAndLeakNothing) {
  std::map<std::string, int> primitives;
  std::uint64_t finite = 0;
  for (std::uint64_t walk = 0; walk < kWalks; ++walk) {
    const space::Program program = walked_dna(walk);
    for (const space::Node& node : program.nodes) ++primitives[space::spec_of(node).name];
    const space::Architecture architecture = dna_model(program);
    nn::Model model(architecture, {.fuse = walk % 2 == 0});
    std::int64_t count = 0;
    for (const nn::NamedTensor& parameter : model.parameters()) count += parameter.tensor.numel();
    ASSERT_EQ(count, space::cost_of(architecture, {}).params) << where(walk, program);
    model.initialise(1, 0);
    disturb(model, 0.1, walk);
    ASSERT_EQ(nn::causality_violation(model, kSeq, walk), "") << where(walk, program);
    const at::NoGradGuard no_grad;
    finite += model.forward(random_tokens(1, kSeq, 16, walk)).isfinite().all().item<bool>();
  }
  EXPECT_GT(finite, kWalks * 8 / 10);  // NaN hides a leak
  for (const char* name :
       {"branched_conv", "split_branches", "merge_branches", "repeat_branches", "fit_features"}) {
    EXPECT_GE(primitives[name], 5) << name;
  }
}

TEST(DnaPrograms, TrainInEveryParameterThatTheyUse) {
  int finite = 0;
  for (std::uint64_t walk = 0; walk < 40; ++walk) {
    const space::Program program = walked_dna(walk);
    nn::Model model(dna_model(program), {});
    model.initialise(1, 0);
    disturb(model, 0.1, walk);
    const at::Tensor logits = model.forward(random_tokens(2, kSeq, 16, walk));
    if (!logits.isfinite().all().item<bool>()) continue;
    ++finite;
    logits.square().sum().backward();
    for (const nn::NamedTensor& parameter : model.parameters()) {
      EXPECT_TRUE(parameter.tensor.grad().defined()) << parameter.name << where(walk, program);
    }
  }
  EXPECT_GE(finite, 35);
}

TEST(DnaPrograms, ExportToTheSameLogits) {
  const at::NoGradGuard no_grad;
  const TemporaryFolder folder;
  int finite = 0;
  for (std::uint64_t walk = 0; walk < 40; ++walk) {
    const space::Program program = walked_dna(walk);
    nn::Model model(dna_model(program), {.fuse = false});
    model.initialise(1, 0);
    disturb(model, 0.1, walk);
    const std::string path = folder / "model.pt";
    nn::save_torchscript(model, path);
    const nn::TorchscriptModel exported(path);
    const at::Tensor tokens = random_tokens(2, kSeq, 16, walk);
    const at::Tensor logits = model.forward(tokens);
    if (!logits.isfinite().all().item<bool>()) continue;
    ++finite;
    const double scale = std::max(1.0, logits.abs().max().item<double>());
    EXPECT_LT(exported.forward(tokens).sub(logits).abs().max().item<double>(), 1e-4 * scale)
        << where(walk, program);
  }
  EXPECT_GE(finite, 35);
}

}  // namespace
}  // namespace nas::test
