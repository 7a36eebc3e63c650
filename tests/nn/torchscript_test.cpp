#include "nas/nn/torchscript.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "nas/space/text.hpp"
#include "nn/models.hpp"
#include "support/error_of.hpp"
#include "support/random_programs.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

constexpr double kTolerance = 1e-5;

/// Logits of the saved file against the model's, at several batches and lengths.
void expect_same_logits(const nn::Model& model, const std::string& path, const std::string& what) {
  nn::save_torchscript(model, path);
  const nn::TorchscriptModel saved(path);
  const std::int64_t vocab = model.architecture().model.vocab_size;
  const at::NoGradGuard no_grad;
  // Repeated, since the interpreter optimises a graph after its first runs.
  for (int run = 0; run < 2; ++run) {
    for (const auto& [batch, seq] : {std::pair{1, 1}, {2, 7}, {3, 40}, {1, 33}}) {
      const at::Tensor tokens = random_tokens(batch, seq, vocab, 5);
      const at::Tensor expected = model.forward(tokens);
      const at::Tensor logits = saved.forward(tokens);
      ASSERT_EQ(logits.sizes(), expected.sizes());
      ASSERT_TRUE(at::allclose(logits, expected, kTolerance, kTolerance, /*equal_nan=*/true))
          << what << " batch " << batch << " seq " << seq << ": "
          << (logits - expected).abs().max().item<float>();
    }
  }
}

TEST(Torchscript, HandMadeModelsComputeTheSameAtAnySize) {
  const TemporaryFolder folder;
  for (const auto& architecture : {vanilla_architecture(), primer_architecture()}) {
    nn::Model model(architecture, {});
    model.initialise(1, 0);
    disturb(model, 0.1, 1);
    expect_same_logits(model, folder / "x.pt", "hand-made");
  }
}

TEST(Torchscript, EverythingAroundTheLayersIsExported) {
  const TemporaryFolder folder;
  for (const bool tied : {true, false}) {
    for (const space::NormKind norm : {space::NormKind::kLayerNorm, space::NormKind::kRmsNorm}) {
      space::Architecture architecture = vanilla_architecture();
      architecture.model.positions = space::Positions::kLearned;
      architecture.model.max_len = 64;
      architecture.model.tied_head = tied;
      architecture.model.final_norm = norm;
      nn::Model model(architecture, {});
      model.initialise(1, 0);
      disturb(model, 0.1, 1);
      expect_same_logits(model, folder / "x.pt", "learned positions");
    }
  }
}

TEST(Torchscript, RandomProgramsComputeTheSameAtAnySize) {
  constexpr std::uint64_t kSeed = 77;
  const TemporaryFolder folder;
  int compared = 0;
  for (std::uint64_t index = 0; compared < 40; ++index) {
    const space::Program program = random_program(kSeed, index);
    if (amplifies_rounding(program)) continue;
    ++compared;
    // The plain form, as the export has it: some random programs make a difference of rounding
    // large.
    nn::Model model(small_architecture(program, 2), {.fuse = false});
    model.initialise(1, 0);
    expect_same_logits(model, folder / "x.pt",
                       "seed " + std::to_string(kSeed) + " index " + std::to_string(index) + "\n" +
                           space::to_text(program));
  }
}

TEST(Torchscript, SourceUsesAtenOperationsAlone) {
  const nn::TorchscriptSource source = nn::torchscript_source(primer_architecture());
  ASSERT_EQ(source.layers.size(), 2U);
  EXPECT_NE(source.model.find("self.layer1.forward(x)"), std::string::npos) << source.model;
  for (const std::string& layer : source.layers) {
    EXPECT_EQ(layer.find("F."), std::string::npos);
    EXPECT_EQ(layer.rfind("def forward(self, x: Tensor) -> Tensor:\n", 0), 0U) << layer;
  }
}

TEST(Torchscript, AnOverwrittenFileIsTheNewModel) {
  const TemporaryFolder folder;
  nn::Model model(vanilla_architecture(), {});
  model.initialise(1, 0);
  nn::save_torchscript(model, folder / "x.pt");
  model.initialise(2, 0);
  expect_same_logits(model, folder / "x.pt", "second");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(Torchscript, AForeignFileIsADataError) {
  const TemporaryFolder folder;
  std::ofstream(folder / "x.pt") << "no archive";
  for (const std::string& path : {folder / "x.pt", folder / "missing.pt"}) {
    const auto error = error_of([&] { return nn::TorchscriptModel(path); });
    EXPECT_EQ(error->kind(), ErrorKind::kData);
    EXPECT_NE(std::string(error->what()).find(path), std::string::npos);
  }
}

}  // namespace
}  // namespace nas::test
