#include "nas/export/language_model.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>

#include "export/tiny_export.hpp"
#include "nas/core/error.hpp"
#include "nas/core/files.hpp"
#include "nas/export/torchscript_export.hpp"
#include "nas/nn/torchscript.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas::test {
namespace {

using exporting::HfModel;
using exporting::LanguageModel;

constexpr double kTolerance = 1e-5;  // float32 of logits of order 1, other kernels of attention

/// Logits of the same tokens by two models.
void expect_same(const LanguageModel& found, const nn::Model& expected) {
  const at::NoGradGuard no_grad;
  const at::Tensor tokens = at::arange(30).reshape({1, 30});
  EXPECT_TRUE(at::allclose(found.logits(tokens), expected.forward(tokens), 0, kTolerance));
}

std::string config_with(const std::string& folder, const std::function<void(Json&)>& change) {
  Json config = Json::parse(read_file(folder + "/config.json"));
  change(config);
  write_file_atomically(folder + "/config.json", config.dump());
  return folder;
}

void expect_data_error(const std::string& folder, const std::string& part) {
  const auto error = error_of([&] { return exporting::read_hf_folder(folder).tokenizer; });
  ASSERT_TRUE(error) << part;
  EXPECT_EQ(error->kind(), ErrorKind::kData) << error->what();
  EXPECT_NE(std::string(error->what()).find(part), std::string::npos) << error->what();
}

TEST(LanguageModel, AFolderHoldsTheModelAndItsTokenizer) {
  const TemporaryFolder root;
  for (const space::Positions positions : {space::Positions::kRope, space::Positions::kLearned}) {
    const nn::Model model = tiny_model(positions);
    write_tiny_folder(root / "hf", model);
    EXPECT_TRUE(exporting::is_hf_folder(root / "hf"));
    HfModel read = exporting::read_hf_folder(root / "hf");
    EXPECT_EQ(read.model.weights_hash(), model.weights_hash());
    EXPECT_EQ(read.model.architecture(), model.architecture());
    EXPECT_EQ(read.tokenizer, "bytes");
    const LanguageModel language = exporting::language_model(std::move(read.model), read.tokenizer);
    EXPECT_EQ(language.max_len, positions == space::Positions::kLearned ? 40 : 0);
    expect_same(language, model);
  }
}

TEST(LanguageModel, ATorchscriptFileHoldsTheSame) {
  const TemporaryFolder root;
  const nn::Model model = tiny_model(space::Positions::kLearned);
  const exporting::TorchscriptReport report =
      exporting::export_torchscript(model, tiny_facts(), root / "x.pt");
  EXPECT_EQ(report.comparisons, 3) << "of the four sizes one is longer than the table";
  const LanguageModel read = exporting::read_torchscript_model(root / "x.pt");
  EXPECT_EQ(read.tokenizer, "bytes");
  EXPECT_EQ(read.max_len, 40);
  expect_same(read, model);
}

TEST(LanguageModel, AFileWithoutTextsSaysWhatItLacks) {
  const TemporaryFolder root;
  nn::save_torchscript(tiny_model(), root / "plain.pt");
  EXPECT_NE(message_of([&] {
              return exporting::read_torchscript_model(root / "plain.pt").max_len;
            }).find("holds no text \"nas.json\""),
            std::string::npos);
  exporting::ExportFacts facts = tiny_facts();
  facts.tokenizer.clear();
  static_cast<void>(exporting::export_torchscript(tiny_model(), facts, root / "x.pt"));
  const auto error =
      error_of([&] { return exporting::read_torchscript_model(root / "x.pt").max_len; });
  EXPECT_EQ(error->kind(), ErrorKind::kData);
  EXPECT_NE(std::string(error->what()).find("\"tokenizer\""), std::string::npos) << error->what();
}

TEST(LanguageModel, DamagedFoldersAreDataErrors) {
  const TemporaryFolder root;
  const auto fresh = [&] {
    std::filesystem::remove_all(root / "hf");
    write_tiny_folder(root / "hf", tiny_model());
    return root / "hf";
  };
  expect_data_error(config_with(fresh(), [](Json& json) { json["model_type"] = "gpt2"; }),
                    "\"nas\"");
  expect_data_error(config_with(fresh(), [](Json& json) { json.erase("nas"); }), "config.json");
  expect_data_error(config_with(fresh(), [](Json& json) { json["nas"] = 3; }), "config.json");
  expect_data_error(config_with(fresh(), [](Json& json) { json["nas"]["format"] = 99; }), "newer");
  expect_data_error(config_with(fresh(), [](Json& json) { json["nas"].erase("architecture"); }),
                    "config.json");
  expect_data_error(
      config_with(fresh(),
                  [](Json& json) { json["nas"]["architecture"]["layers"][0]["heads"] = 3; }),
      "config.json");
  expect_data_error(
      config_with(fresh(),
                  [](Json& json) { json["nas"]["architecture"]["model"]["model_dim"] = 32; }),
      "has shape");
  const std::string folder = fresh();
  std::filesystem::resize_file(folder + "/model.safetensors", 100);
  expect_data_error(folder, "model.safetensors");
  std::filesystem::remove(folder + "/model.safetensors");
  EXPECT_EQ(error_of([&] { return exporting::read_hf_folder(folder).tokenizer; })->kind(),
            ErrorKind::kIo);
  EXPECT_FALSE(exporting::is_hf_folder(root / "nothing"));
}

}  // namespace
}  // namespace nas::test
