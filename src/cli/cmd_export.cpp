#include "command.hpp"
#include "model_choice.hpp"
#include "nas/core/error.hpp"

namespace nas::cli {
namespace {

struct ExportArguments {
  ModelChoice choice;
  run::ExportOptions wanted;
};

int run_export(const ExportArguments& arguments) {
  if (!arguments.wanted.python.empty() && arguments.wanted.format != "safetensors") {
    throw Error(ErrorKind::kUsage, "--python runs exported Python; --format " +
                                       arguments.wanted.format +
                                       " has none, --format safetensors has");
  }
  const run::TrainedWeights weights = choose_model(arguments.choice);
  run::engine().export_model(weights, arguments.wanted);
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
  verb.option("--windows", options->wanted.windows,
              "also write the validation windows, where documents begin in them, and their "
              "loss (safetensors), to check the export elsewhere");
  verb.flag_against("--no-loss", options->wanted.has_loss, "do not compute the validation loss");
  verb.callback([options, &action] { action = [options] { return run_export(*options); }; });
}

}  // namespace nas::cli
