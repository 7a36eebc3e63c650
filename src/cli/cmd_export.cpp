#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "nas/core/error.hpp"
#include "nas/core/units.hpp"
#include "nas/data/dataset.hpp"
#include "nas/export/torchscript_export.hpp"
#include "nas/nn/safetensors.hpp"
#include "nas/train/numerics.hpp"
#include "nas/train/training.hpp"

namespace nas::cli {
namespace {

struct ExportOptions {
  std::string study;
  std::int64_t trial = -1;
  std::string format = "torchscript";
  std::string output;
  std::string windows;
  bool no_loss = false;
};

/// Validation loss in fp32 of the model just exported, over the windows that scored the trials.
void print_loss(const store::Study& study, const nn::Model& model, const ExportOptions& options) {
  const config::RunConfig config =
      config::config_from_json(study.header().config, JsonPositions(study.folder()));
  if (config.evaluator != "train") return;
  const auto dataset =
      data::Dataset::load(config.data, config.training.seq_len, data::default_cache_folder());
  const at::Tensor windows =
      dataset->validation_windows(config.training.eval_batches * config.training.batch_size, "cpu");
  train::fix_numerics(config.training.threads);
  const double nats = train::evaluate_nats(model, windows, config.training.batch_size);
  const std::int64_t tokens = windows.size(0) * (windows.size(1) - 1);
  const double bpb = train::bits_per_byte(nats, tokens, dataset->target_bytes(windows));
  std::cout << "loss      " << format_significant(nats, 9) << " nats/token, "
            << format_significant(bpb, 9) << " bits/byte over " << windows.size(0)
            << " validation windows (fp32)\n";
  if (options.windows.empty()) return;
  nn::write_safetensors(options.windows, {{"windows", windows}},
                        {{"loss_nats", format_exact(nats)}, {"bits_per_byte", format_exact(bpb)}});
  std::cout << "windows   " << options.windows << "\n";
}

int run_export(const ExportOptions& options) {
  const store::Study study = store::Study::open(options.study, store::Study::Access::kRead);
  const std::int64_t trial = options.trial >= 0 ? options.trial : require_best(study).number;
  const nn::Model model = exporting::trained_model(study, trial);
  const exporting::ExportReport report = exporting::export_torchscript(model, options.output);
  std::cout << "exported  trial " << trial << " to " << report.path << " ("
            << format_bytes(static_cast<double>(report.bytes)) << "); loaded back, logits agree to "
            << format_significant(report.largest_difference, 2) << " at " << report.comparisons
            << " sizes\n";
  if (!options.no_loss) print_loss(study, model, options);
  std::cout << "use       torch.jit.load(\"" << report.path
            << "\")(tokens)   tokens: [batch, seq] int64 -> logits [batch, seq, "
            << model.architecture().model.vocab_size << "]\n";
  return 0;
}

}  // namespace

void add_export(CLI::App& program, Action& action) {
  auto options = std::make_shared<ExportOptions>();
  CLI::App* verb =
      program.add_subcommand("export", "write a trained model as a file that PyTorch loads");
  verb->add_option("study", options->study, "folder of the study")->required();
  verb->add_option("--trial", options->trial, "number of a COMPLETE trial [the best]")
      ->check(CLI::NonNegativeNumber);
  verb->add_option("--format", options->format, "torchscript")
      ->check(CLI::IsMember({"torchscript"}));
  verb->add_option("--output", options->output, "file to write")->required();
  verb->add_option("--windows", options->windows,
                   "also write the validation windows and their loss (safetensors), to check "
                   "the export elsewhere");
  verb->add_flag("--no-loss", options->no_loss, "do not compute the validation loss");
  verb->callback([options, &action] { action = [options] { return run_export(*options); }; });
}

}  // namespace nas::cli
