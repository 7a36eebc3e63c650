#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "model_source.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/export/hf_export.hpp"
#include "nas/export/torchscript_export.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/train/numerics.hpp"
#include "nas/train/training.hpp"

namespace nas::cli {
namespace {

struct ExportOptions {
  ModelChoice choice;
  std::string format = "torchscript";
  std::string output;
  std::string python;
  std::string windows;
  bool no_loss = false;
};

/// Validation loss in fp32 of the model just exported, over the windows that scored the trials.
void print_loss(const ModelSource& source, const ExportOptions& options) {
  const config::RunConfig& config = source.config;
  if (config.evaluator != "train") return;
  const auto dataset =
      data::Dataset::load(config.data, config.training.seq_len, data::default_cache_folder());
  if (dataset->hash().hex() != source.corpus_hash) {
    log_warning("data.corpus = \"" + config.data.corpus +
                "\" is not what the model was trained on: the loss is that of another text");
  }
  const data::Windows windows =
      dataset->validation_windows(config.training.eval_batches * config.training.batch_size, "cpu");
  train::fix_numerics(config.training.threads);
  const double nats = train::evaluate_nats(source.model, windows, config.training.batch_size);
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
std::string tokenizer_if_there(const ModelSource& source) {
  try {
    return tokenizer_of(source);
  } catch (const Error& error) {
    log_warning(std::string("the file holds no tokenizer, so `nas generate` cannot use it: ") +
                error.what());
    return "";
  }
}

void export_torchscript(const ModelSource& source, const ExportOptions& options) {
  const exporting::ExportReport report = exporting::export_torchscript(
      source.model, facts_with(source, tokenizer_if_there(source)), options.output);
  std::cout << "exported  " << source.name << " to " << report.path << " ("
            << format_bytes(static_cast<double>(report.bytes)) << "); loaded back, logits agree to "
            << format_significant(report.largest_difference, 2) << " at " << report.comparisons
            << " sizes\n";
  if (!options.no_loss) print_loss(source, options);
  std::cout << "use       torch.jit.load(\"" << report.path
            << "\")(tokens)   tokens: [batch, seq] int64 -> logits [batch, seq, "
            << source.model.architecture().model.vocab_size << "]\n";
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

void export_folder(const ModelSource& source, const ExportOptions& options) {
  const exporting::HfReport report = exporting::export_hf_folder(
      source.model, facts_with(source, tokenizer_of(source)), options.output, options.python);
  std::cout << "exported  " << source.name << " to " << report.folder << " ("
            << format_bytes(static_cast<double>(report.bytes)) << ")\n";
  print_comparison(report);
  if (!options.no_loss) print_loss(source, options);
  std::cout << "use       AutoModelForCausalLM.from_pretrained(\"" << report.folder
            << "\", trust_remote_code=True), or with torch alone load_model() of its "
               "modeling_nas.py\n";
}

int run_export(const ExportOptions& options) {
  const bool is_folder = options.format == "safetensors";
  if (!options.python.empty() && !is_folder) {
    throw Error(ErrorKind::kUsage, "--python runs exported Python; --format " + options.format +
                                       " has none, --format safetensors has");
  }
  const ModelSource source = open_model(options.choice);
  if (is_folder) {
    export_folder(source, options);
  } else {
    export_torchscript(source, options);
  }
  return 0;
}

}  // namespace

void add_export(CLI::App& program, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* verb = program.add_subcommand(
      "export", "write a trained model as what PyTorch and transformers load");
  verb->add_option("study", options->choice.folder, "folder of a study, or of `nas train`")
      ->required();
  add_model_choice(*verb, options->choice);
  verb->add_option("--format", options->format,
                   "torchscript (a file) or safetensors (a Hugging Face folder)")
      ->check(CLI::IsMember({"torchscript", "safetensors"}))
      ->capture_default_str();
  verb->add_option("--output", options->output, "file or folder to write")->required();
  verb->add_option("--python", options->python,
                   "a Python with torch, and perhaps transformers, that runs the exported folder "
                   "for the comparison [the one of nas's build]");
  verb->add_option("--windows", options->windows,
                   "also write the validation windows, where documents begin in them, and their "
                   "loss (safetensors), to check the export elsewhere");
  verb->add_flag("--no-loss", options->no_loss, "do not compute the validation loss");
  verb->callback([options, &action] { action = [options] { return run_export(*options); }; });
}

}  // namespace nas::cli
