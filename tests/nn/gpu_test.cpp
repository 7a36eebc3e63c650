#include "support/gpu.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "nas/nn/torchscript.hpp"
#include "nas/ops/cuda.hpp"
#include "nas/space/text.hpp"
#include "nn/causality.hpp"
#include "nn/models.hpp"
#include "support/random_programs.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

constexpr double kTolerance = 1e-4;  // other kernels, sums in another order

/// Models on the first GPU in deterministic mode, as they are trained; an operation without a
/// deterministic form throws. Every test is skipped where there is no GPU.
class GpuModel : public testing::Test {
 protected:
  void SetUp() override {
    NAS_TEST_REQUIRE_GPU();
    at::globalContext().setDeterministicAlgorithms(true, /*warn_only=*/false);
  }
  void TearDown() override {
    at::globalContext().setDeterministicAlgorithms(false, /*warn_only=*/false);
  }

  static nn::Model model(const space::Architecture& architecture, const nn::LowerOptions& options) {
    nn::Model made(architecture, options);
    made.initialise(1, 0);
    return made;
  }

  /// Logits and all gradients, on the CPU.
  static std::vector<at::Tensor> results(const nn::Model& model, std::int64_t seq = 64) {
    for (const nn::NamedTensor& parameter : model.parameters()) {
      at::Tensor tensor = parameter.tensor;
      tensor.mutable_grad() = at::Tensor();
    }
    const std::int64_t vocab = model.architecture().model.vocab_size;
    const at::Device device(model.options().device);
    const at::Tensor tokens = random_tokens(4, seq, vocab, 1).to(device);
    const at::Tensor logits = model.forward(tokens);
    at::cross_entropy_loss(logits.flatten(0, 1), tokens.flatten()).backward();
    std::vector<at::Tensor> all{logits.detach().cpu()};
    for (const nn::NamedTensor& parameter : model.parameters()) {
      all.push_back(parameter.tensor.grad().cpu());
    }
    return all;
  }
};

TEST_F(GpuModel, InitialisesToTheBitsOfTheCpu) {
  EXPECT_EQ(model(primer_architecture(), {.device = "cuda:0"}).weights_hash(),
            model(primer_architecture(), {}).weights_hash());
}

TEST_F(GpuModel, ComputesLogitsAndGradientsOfTheCpu) {
  for (const bool fuse : {true, false}) {
    for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
      const auto expected = results(model(architecture, {.fuse = fuse}));
      const auto found = results(model(architecture, {.fuse = fuse, .device = "cuda:0"}));
      for (std::size_t i = 0; i < expected.size(); ++i) {
        EXPECT_LT((found[i] - expected[i]).norm().item<double>(),
                  kTolerance * expected[i].norm().item<double>())
            << "fuse " << fuse << " tensor " << i;
      }
    }
  }
}

TEST_F(GpuModel, RepeatsItsBits) {
  constexpr std::int64_t kLong = 700;  // several blocks of keys
  for (const bool bf16 : {false, true}) {
    for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
      const nn::Model lowered = model(architecture, {.device = "cuda:0", .bf16 = bf16});
      const auto first = results(lowered, kLong);
      for (int repeat = 0; repeat < 5; ++repeat) {
        const auto again = results(lowered, kLong);
        for (std::size_t i = 0; i < first.size(); ++i) {
          EXPECT_TRUE(at::equal(first[i], again[i])) << "bf16 " << bf16 << " tensor " << i;
        }
      }
      const at::NoGradGuard no_grad;
      const at::Tensor tokens = random_tokens(4, kLong, 40, 1).to(at::Device(at::kCUDA, 0));
      EXPECT_TRUE(at::equal(lowered.forward(tokens).cpu(), first[0]));
    }
  }
}

TEST_F(GpuModel, RunsRandomProgramsWithoutALeak) {
  constexpr std::uint64_t kSeed = 5;
  for (std::uint64_t index = 0; index < 200; ++index) {
    const space::Program program = random_program(kSeed, index);
    const nn::Model lowered =
        model(small_architecture(program), {.device = "cuda:0", .bf16 = index % 2 == 0});
    const std::string where = "seed " + std::to_string(kSeed) + " index " + std::to_string(index) +
                              "\n" + space::to_text(program);
    EXPECT_EQ(nn::causality_violation(lowered, 9, index), "") << where;
    const at::Tensor tokens = random_tokens(2, 9, 16, index).cuda();
    const at::Tensor with = lowered.forward(tokens);
    with.square().mean().backward();
    const at::NoGradGuard no_grad;
    EXPECT_EQ(nn::first_difference(with, lowered.forward(tokens)), 9) << "grad mode, " << where;
  }
  for (const bool bf16 : {false, true}) {
    const nn::LowerOptions options{.device = "cuda:0", .bf16 = bf16};
    EXPECT_EQ(nn::causality_violation(model(primer_architecture(), options), 300, 1), "");
  }
}

TEST_F(GpuModel, TellsDocumentsApart) {
  constexpr std::int64_t kSeq = 300;
  constexpr std::int64_t kBoundary = 129;
  at::Tensor starts = at::zeros({2, kSeq}, at::kInt);
  starts.slice(1, kBoundary).fill_(kBoundary);
  const at::Tensor tokens = random_tokens(2, kSeq, 40, 1).cuda();
  at::Tensor changed = tokens.clone();
  changed.slice(1, 0, kBoundary).add_(1).remainder_(40);
  for (const bool bf16 : {false, true}) {
    const nn::Model lowered = model(primer_architecture(), {.device = "cuda:0", .bf16 = bf16});
    const at::Tensor logits = lowered.forward(tokens, starts);
    logits.square().mean().backward();
    const at::NoGradGuard no_grad;
    EXPECT_TRUE(at::equal(logits, lowered.forward(tokens, starts)));
    const at::Tensor second = lowered.forward(changed, starts).slice(1, kBoundary);
    EXPECT_TRUE(at::equal(logits.slice(1, kBoundary), second)) << "bf16 " << bf16;
  }
  const at::NoGradGuard no_grad;
  const nn::Model on_cpu = model(primer_architecture(), {});
  const nn::Model on_gpu = model(primer_architecture(), {.device = "cuda:0"});
  EXPECT_TRUE(at::allclose(on_gpu.forward(tokens, starts).cpu(),
                           on_cpu.forward(tokens.cpu(), starts), kTolerance, kTolerance));
}

TEST_F(GpuModel, ExportRunsOnTheGpuAndTheCpu) {
  const TemporaryFolder folder;
  const nn::Model lowered = model(primer_architecture(), {.device = "cuda:0"});
  nn::save_torchscript(lowered, folder / "x.pt");
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = random_tokens(2, 30, 40, 1);
  const at::Tensor expected = lowered.forward(tokens.cuda()).cpu();
  const at::Tensor on_gpu = nn::TorchscriptModel(folder / "x.pt", "cuda:0").forward(tokens.cuda());
  EXPECT_TRUE(at::allclose(on_gpu.cpu(), expected, kTolerance, kTolerance));
  const at::Tensor on_cpu = nn::TorchscriptModel(folder / "x.pt").forward(tokens);
  EXPECT_TRUE(at::allclose(on_cpu, expected, kTolerance, kTolerance));
}

}  // namespace
}  // namespace nas::test
