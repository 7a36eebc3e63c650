#include "nas/export/torchscript_export.hpp"

#include <torch/torch.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "export/comparison.hpp"
#include "export/facts_json.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/torchscript.hpp"

namespace nas::exporting {
namespace {

/// Largest difference of logits that rounding explains: the exported program runs the plain form
/// of attention, the model perhaps the fused one.
constexpr double kLogitTolerance = 1e-4;

}  // namespace

ExportReport export_torchscript(const nn::Model& model, const ExportFacts& facts,
                                const std::string& path) {
  std::map<std::string, std::string> texts{{kFactsName, facts_json(model, facts).dump(1)}};
  if (!facts.tokenizer.empty()) texts.emplace(kTokenizerName, facts.tokenizer);
  nn::save_torchscript(model, path, texts);
  const nn::TorchscriptModel exported(path);
  const torch::NoGradGuard no_grad;
  ExportReport report;
  report.path = path;
  for (const torch::Tensor& tokens : comparison_tokens(model.architecture().model)) {
    const torch::Tensor difference = (exported.forward(tokens) - model.forward(tokens)).abs();
    const double largest = difference.max().item<double>();
    ++report.comparisons;
    report.largest_difference = std::max(report.largest_difference, largest);
    if (!(largest <= kLogitTolerance)) {
      std::filesystem::remove(path);
      throw Error(ErrorKind::kInternal,
                  "the export differs from the model: logits by " + format_significant(largest, 3) +
                      " at batch " + std::to_string(tokens.size(0)) + ", length " +
                      std::to_string(tokens.size(1)) + " (allowed " +
                      format_significant(kLogitTolerance, 1) + "); " + path + " was removed");
    }
  }
  report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return report;
}

}  // namespace nas::exporting
