#include <iostream>

#include "command.hpp"
#include "export_text.hpp"
#include "model_choice.hpp"
#include "nas/core/error.hpp"
#include "nas/core/log.hpp"

namespace nas::cli {
namespace {

struct ExportArguments {
  ModelChoice choice;
  run::ExportOptions wanted;
  std::string windows;   ///< where to write the validation windows; empty: nowhere
  bool has_loss = true;  ///< whether to compute the validation loss
};

void print_loss(const run::TrainedWeights& weights, const std::string& windows_path) {
  const exporting::ValidationLoss loss = run::engine().validation_loss(weights, windows_path);
  if (!loss.is_same_corpus) {
    log_warning("data.corpus = \"" + weights.config.data.corpus +
                "\" is not what the model was trained on: the loss is that of another text");
  }
  std::cout << loss_text(loss);
  if (!windows_path.empty()) std::cout << "windows   " << windows_path << "\n";
}

int run_export(const ExportArguments& arguments) {
  if (!arguments.wanted.python.empty() && arguments.wanted.format != "safetensors") {
    throw Error(ErrorKind::kUsage, "--python runs exported Python; --format " +
                                       arguments.wanted.format +
                                       " has none, --format safetensors has");
  }
  const run::TrainedWeights weights = choose_model(arguments.choice);
  const exporting::ExportReport report = run::engine().export_model(weights, arguments.wanted);
  if (const auto* file = std::get_if<exporting::TorchscriptReport>(&report);
      file != nullptr && !file->tokenizer_missing.empty()) {
    log_warning("the file holds no tokenizer, so `nas generate` cannot use it: " +
                file->tokenizer_missing);
  }
  std::cout << export_text(weights, report) << std::flush;
  if (arguments.has_loss && weights.config.evaluator == "train") {
    print_loss(weights, arguments.windows);
  }
  std::cout << usage_text(weights, report);
  return 0;
}

}  // namespace

void add_export(CLI::App& program, Action& action) {
  auto options = std::make_shared<ExportArguments>();
  Verb verb(program, "export", "write a trained model as what PyTorch and transformers load");
  verb.option("study", options->choice.folder, "folder of a study, or of `nas train`").required();
  add_model_choice(verb, options->choice);
  verb.option("--format", options->wanted.format,
              "torchscript (a file) or safetensors (a Hugging Face folder)")
      .among({"torchscript", "safetensors"})
      .shows_default();
  verb.option("--output", options->wanted.output, "file or folder to write").required();
  verb.option("--python", options->wanted.python,
              "a Python with torch, and perhaps transformers, that runs the exported folder "
              "for the comparison [the one of nas's build]");
  verb.option("--windows", options->windows,
              "also write the validation windows, where documents begin in them, and their "
              "loss (safetensors), to check the export elsewhere");
  verb.flag_against("--no-loss", options->has_loss, "do not compute the validation loss");
  verb.callback([options, &action] { action = [options] { return run_export(*options); }; });
}

}  // namespace nas::cli
