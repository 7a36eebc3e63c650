#include "nas/export/torchscript_export.hpp"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "export/comparison.hpp"
#include "export/facts_json.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/torchscript.hpp"

namespace nas::exporting {
namespace {

/// Largest difference of logits that rounding explains, as a share of the largest logit (of 1 when
/// all are smaller): the exported program runs the plain form of attention, the model perhaps the
/// fused one.
constexpr double kLogitTolerance = 1e-4;

/// Compares a file with the model; throws Error(kInternal) when they differ.
void compare(const nn::Model& model, const std::string& path, TorchscriptReport& report) {
  const nn::TorchscriptModel exported(path);
  const at::NoGradGuard no_grad;
  for (const at::Tensor& tokens : comparison_tokens(model.architecture().model)) {
    const at::Tensor expected = model.forward(tokens);
    const double largest = std::max(1.0, expected.abs().max().item<double>());
    const double difference =
        (exported.forward(tokens) - expected).abs().max().item<double>() / largest;
    ++report.comparisons;
    report.largest_difference = std::max(report.largest_difference, difference);
    if (!(difference <= kLogitTolerance)) {
      throw Error(ErrorKind::kInternal,
                  "the export differs from the model: logits by " +
                      format_significant(difference, 3) + " of the largest at batch " +
                      std::to_string(tokens.size(0)) + ", length " +
                      std::to_string(tokens.size(1)) + " (allowed " +
                      format_significant(kLogitTolerance, 2) + "); nothing was written");
    }
  }
}

}  // namespace

TorchscriptReport export_torchscript(const nn::Model& model, const ExportFacts& facts,
                                     const std::string& path) {
  std::map<std::string, std::string> texts{{kFactsName, facts_json(model, facts).dump(1)}};
  if (!facts.tokenizer.empty()) texts.emplace(kTokenizerName, facts.tokenizer);
  // Beside the place where it belongs: a file that is there stays until its successor is compared.
  const std::string part = path + ".part";
  TorchscriptReport report;
  report.path = path;
  try {
    nn::save_torchscript(model, part, texts);
    compare(model, part, report);
    std::filesystem::rename(part, path);
  } catch (const std::filesystem::filesystem_error& error) {
    std::filesystem::remove(part);
    throw Error(ErrorKind::kIo, "cannot write " + path + ": " + error.code().message());
  } catch (...) {
    std::error_code ignored;
    std::filesystem::remove(part, ignored);
    throw;
  }
  report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return report;
}

}  // namespace nas::exporting
