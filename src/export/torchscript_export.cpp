#include "nas/export/torchscript_export.hpp"

#include <torch/torch.h>

#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "nas/core/units.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/nn/torchscript.hpp"

namespace nas::exporting {
namespace {

/// Largest difference of logits that rounding explains: the exported program runs the plain form
/// of attention, the model perhaps the fused one.
constexpr double kLogitTolerance = 1e-4;

constexpr std::array<std::array<std::int64_t, 2>, 4> kSizes = {{{1, 1}, {1, 7}, {2, 33}, {3, 64}}};

torch::Tensor keyed_tokens(std::int64_t batch, std::int64_t seq, std::int64_t vocab_size) {
  torch::Tensor tokens = torch::empty({batch, seq}, torch::kInt64);
  DrawCursor cursor({0, Purpose::kEvaluation, static_cast<std::uint64_t>(batch),
                     static_cast<std::uint32_t>(seq)});
  auto* values = tokens.data_ptr<std::int64_t>();
  for (std::int64_t i = 0; i < batch * seq; ++i) {
    values[i] = cursor.below(static_cast<std::uint32_t>(vocab_size));
  }
  return tokens;
}

std::int64_t original_of(const store::Study& study, std::int64_t trial) {
  const Json duplicate = study.trial_attribute(trial, "duplicate_of");
  return duplicate.is_number_integer() ? duplicate.get<std::int64_t>() : trial;
}

}  // namespace

nn::Model trained_model(const store::Study& study, std::int64_t trial) {
  const std::vector<space::Trial> trials = study.trials();
  if (trial < 0 || trial >= static_cast<std::int64_t>(trials.size())) {
    throw Error(ErrorKind::kUsage, "there is no trial " + std::to_string(trial) +
                                       "; the study has " + std::to_string(trials.size()));
  }
  const space::Trial& chosen = trials[static_cast<std::size_t>(trial)];
  if (chosen.outcome.state != space::TrialState::kComplete) {
    throw Error(ErrorKind::kUsage, "trial " + std::to_string(trial) + " is " +
                                       to_text(chosen.outcome.state) +
                                       "; only a COMPLETE trial has trained weights");
  }
  const std::int64_t original = original_of(study, trial);
  const std::string path =
      study.folder() + "/trials/" + std::to_string(original) + "/model.safetensors";
  if (!std::filesystem::exists(path)) {
    throw Error(ErrorKind::kIo, "the weights of trial " + std::to_string(original) +
                                    " are not there (" + path + "); `nas replay " + study.folder() +
                                    " " + std::to_string(original) + " --keep` trains them again");
  }
  nn::Model model(chosen.candidate.architecture, nn::LowerOptions{});
  model.load(nn::read_safetensors(path).tensors);
  const Json stored = study.trial_attribute(original, "weights_hash");
  const std::string hash = model.weights_hash().hex();
  if (stored.is_string() && stored.get<std::string>() != hash) {
    throw Error(ErrorKind::kStudy, path + " holds other weights (hash " + hash + ") than trial " +
                                       std::to_string(original) + " ended with (" +
                                       stored.get<std::string>() + ")");
  }
  return model;
}

ExportReport export_torchscript(const nn::Model& model, const std::string& path) {
  nn::save_torchscript(model, path);
  const nn::TorchscriptModel exported(path);
  const torch::NoGradGuard no_grad;
  ExportReport report;
  report.path = path;
  const space::ModelSpec& spec = model.architecture().model;
  for (const auto& [batch, seq] : kSizes) {
    if (spec.positions == space::Positions::kLearned && seq > spec.max_len) continue;
    const torch::Tensor tokens = keyed_tokens(batch, seq, spec.vocab_size);
    const torch::Tensor difference = (exported.forward(tokens) - model.forward(tokens)).abs();
    const double largest = difference.max().item<double>();
    ++report.comparisons;
    report.largest_difference = std::max(report.largest_difference, largest);
    if (!(largest <= kLogitTolerance)) {
      std::filesystem::remove(path);
      throw Error(ErrorKind::kInternal,
                  "the export differs from the model: logits by " + format_significant(largest, 3) +
                      " at batch " + std::to_string(batch) + ", length " + std::to_string(seq) +
                      " (allowed " + format_significant(kLogitTolerance, 1) + "); " + path +
                      " was removed");
    }
  }
  report.bytes = static_cast<std::int64_t>(std::filesystem::file_size(path));
  return report;
}

}  // namespace nas::exporting
