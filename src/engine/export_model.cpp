#include <ATen/core/grad_mode.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/export/hf_export.hpp"
#include "nas/export/language_model.hpp"
#include "nas/export/torchscript_export.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/train/numerics.hpp"
#include "nas/train/training.hpp"
#include "verbs.hpp"

namespace nas::engine {
namespace {

/// Indentation, a character of several bytes, and what tokenizers like to lose or escape.
constexpr const char* kSample =
    "def f(x):\n    return x  # \xC3\xA9 \xE2\x96\x81 <unk>\t \xF0\x9D\x84\x9E\r\n\n  \n";

/// What an export says of the model; the tokenizer may be empty.
exporting::ExportFacts facts_with(const run::TrainedWeights& weights,
                                  const std::string& tokenizer) {
  exporting::ExportFacts facts = weights.facts;
  facts.tokenizer = tokenizer;
  if (!tokenizer.empty()) {
    facts.sample_text = kSample;
    facts.sample_ids = data::load_tokenizer(tokenizer)->encode(facts.sample_text);
  }
  return facts;
}

/// A TorchScript file is of use without a tokenizer.
exporting::TorchscriptReport export_file(const run::TrainedWeights& weights,
                                         const run::ExportOptions& options) {
  std::string tokenizer;
  std::string missing;
  try {
    tokenizer = tokenizer_of(weights);
  } catch (const Error& error) {
    missing = error.what();
  }
  exporting::TorchscriptReport report = exporting::export_torchscript(
      model_of(weights), facts_with(weights, tokenizer), options.output);
  report.tokenizer_missing = missing;
  return report;
}

/// Batch and length of texts whose logits are written beside the windows.
constexpr std::pair<std::int64_t, std::int64_t> kOtherSizes[] = {{1, 3}, {3, 13}, {2, 60}};

/// The windows, the loss, and nas's own logits of the same text at other sizes.
void write_windows(const std::string& path, const nn::Model& model, const data::Windows& windows,
                   const exporting::ValidationLoss& loss) {
  const at::NoGradGuard no_grad;
  std::vector<nn::NamedTensor> tensors{{"windows", windows.tokens}};
  if (windows.document_starts.defined()) {
    tensors.push_back({"document_starts", windows.document_starts.to(at::kLong)});
  }
  const at::Tensor text = windows.tokens.flatten();
  const std::int64_t longest = exporting::max_len_of(model.architecture().model);
  for (const auto& [batch, seq] : kOtherSizes) {
    if (batch * seq > text.numel() || (longest > 0 && seq > longest)) continue;
    const std::string name = std::to_string(batch) + "x" + std::to_string(seq);
    const at::Tensor tokens = text.narrow(0, 0, batch * seq).view({batch, seq});
    tensors.push_back({"tokens." + name, tokens});
    tensors.push_back({"logits." + name, model.forward(tokens)});
  }
  nn::write_safetensors(path, tensors,
                        {{"loss_nats", format_exact(loss.nats)},
                         {"bits_per_byte", format_exact(loss.bits_per_byte)}});
}

}  // namespace

exporting::ExportReport export_model(const run::TrainedWeights& weights,
                                     const run::ExportOptions& options) {
  if (options.format != "safetensors") return export_file(weights, options);
  return exporting::export_hf_folder(model_of(weights), facts_with(weights, tokenizer_of(weights)),
                                     options.output, options.python);
}

exporting::ValidationLoss validation_loss(const run::TrainedWeights& weights,
                                          const std::string& windows_path) {
  const config::TrainingConfig& training = weights.config.training;
  const auto dataset =
      data::Dataset::load(weights.config.data, training.seq_len, data::default_cache_folder());
  const data::Windows windows =
      dataset->validation_windows(training.eval_batches * training.batch_size, "cpu");
  train::fix_numerics(training.threads, training.deterministic);
  exporting::ValidationLoss loss;
  loss.is_same_corpus = dataset->hash().hex() == weights.corpus_hash;
  const nn::Model model = model_of(weights);
  loss.nats = train::evaluate_nats(model, windows, training.batch_size);
  loss.windows = windows.tokens.size(0);
  const std::int64_t tokens = loss.windows * (windows.tokens.size(1) - 1);
  loss.bits_per_byte = train::bits_per_byte(loss.nats, tokens, dataset->target_bytes(windows));
  if (!windows_path.empty()) write_windows(windows_path, model, windows, loss);
  return loss;
}

}  // namespace nas::engine
