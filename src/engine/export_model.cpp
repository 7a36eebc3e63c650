#include <iostream>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/export/hf_export.hpp"
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

struct Exported {
  const run::TrainedWeights& weights;
  nn::Model model;
};

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

/// Validation loss in fp32 of the model just exported, over the windows that scored the trials.
void print_loss(const Exported& exported, const run::ExportOptions& options) {
  const config::RunConfig& config = exported.weights.config;
  if (config.evaluator != "train") return;
  const auto dataset =
      data::Dataset::load(config.data, config.training.seq_len, data::default_cache_folder());
  if (dataset->hash().hex() != exported.weights.corpus_hash) {
    log_warning("data.corpus = \"" + config.data.corpus +
                "\" is not what the model was trained on: the loss is that of another text");
  }
  const data::Windows windows =
      dataset->validation_windows(config.training.eval_batches * config.training.batch_size, "cpu");
  train::fix_numerics(config.training.threads);
  const double nats = train::evaluate_nats(exported.model, windows, config.training.batch_size);
  const std::int64_t count = windows.tokens.size(0);
  const std::int64_t tokens = count * (windows.tokens.size(1) - 1);
  const double bpb = train::bits_per_byte(nats, tokens, dataset->target_bytes(windows));
  std::cout << "loss      " << format_significant(nats, 9) << " nats/token, "
            << format_significant(bpb, 9) << " bits/byte over " << count
            << " validation windows (fp32)\n";
  if (options.windows.empty()) return;
  std::vector<nn::NamedTensor> tensors{{"windows", windows.tokens}};
  if (windows.document_starts.defined()) {
    tensors.push_back({"document_starts", windows.document_starts.to(at::kLong)});
  }
  nn::write_safetensors(options.windows, tensors,
                        {{"loss_nats", format_exact(nats)}, {"bits_per_byte", format_exact(bpb)}});
  std::cout << "windows   " << options.windows << "\n";
}

/// The tokenizer, or nothing and a warning: a TorchScript file is of use without it.
std::string tokenizer_if_there(const run::TrainedWeights& weights) {
  try {
    return tokenizer_of(weights);
  } catch (const Error& error) {
    log_warning(std::string("the file holds no tokenizer, so `nas generate` cannot use it: ") +
                error.what());
    return "";
  }
}

void export_torchscript(const Exported& exported, const run::ExportOptions& options) {
  const exporting::ExportReport report = exporting::export_torchscript(
      exported.model, facts_with(exported.weights, tokenizer_if_there(exported.weights)),
      options.output);
  std::cout << "exported  " << exported.weights.name << " to " << report.path << " ("
            << format_bytes(static_cast<double>(report.bytes)) << "); loaded back, logits agree to "
            << format_significant(report.largest_difference, 2) << " at " << report.comparisons
            << " sizes\n";
  if (options.has_loss) print_loss(exported, options);
  std::cout << "use       torch.jit.load(\"" << report.path
            << "\")(tokens)   tokens: [batch, seq] int64 -> logits [batch, seq, "
            << exported.model.architecture().model.vocab_size << "]\n";
}

void print_comparison(const exporting::HfReport& report) {
  const std::string sizes = " at " + std::to_string(report.comparisons) + " sizes";
  const exporting::PythonReport& python = report.python;
  std::cout << "compared  read back by nas: weights " << report.weights_hash
            << ", architecture and tokenizer are equal, logits bit for bit" << sizes << "\n";
  if (!python.not_run.empty()) {
    std::cout << "not done  modeling_nas.py was not run: " << python.not_run << "\n";
    return;
  }
  std::cout << "compared  modeling_nas.py under torch " << python.torch
            << (python.transformers.empty() ? "" : " and transformers " + python.transformers)
            << ": logits agree to " << format_significant(python.largest_difference, 2)
            << " of the largest" << sizes << "\n";
  if (python.transformers.empty()) {
    std::cout << "not done  loading by transformers, and its tokenizer: " << python.python
              << " has no transformers; --python names another\n";
  } else if (!python.tokenizer_not_run.empty()) {
    std::cout << "not done  the tokenizer in transformers: " << python.tokenizer_not_run << "\n";
  } else {
    std::cout << "compared  the tokenizer in transformers: ids and text of a sample are equal\n";
  }
}

void export_folder(const Exported& exported, const run::ExportOptions& options) {
  const exporting::HfReport report = exporting::export_hf_folder(
      exported.model, facts_with(exported.weights, tokenizer_of(exported.weights)), options.output,
      options.python);
  std::cout << "exported  " << exported.weights.name << " to " << report.folder << " ("
            << format_bytes(static_cast<double>(report.bytes)) << ")\n";
  print_comparison(report);
  if (options.has_loss) print_loss(exported, options);
  std::cout << "use       AutoModelForCausalLM.from_pretrained(\"" << report.folder
            << "\", trust_remote_code=True), or with torch alone load_model() of its "
               "modeling_nas.py\n";
}

}  // namespace

void export_model(const run::TrainedWeights& weights, const run::ExportOptions& options) {
  const Exported exported{weights, model_of(weights)};
  if (options.format == "safetensors") {
    export_folder(exported, options);
  } else {
    export_torchscript(exported, options);
  }
}

}  // namespace nas::engine
