#include <unistd.h>

#include <filesystem>
#include <iostream>

#include "command.hpp"
#include "model_choice.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"

namespace nas::cli {
namespace {

struct GenerateArguments {
  ModelChoice choice;
  run::GenerateOptions wanted;
};

run::ModelToRead model_to_read(const ModelChoice& choice) {
  if (has_models(choice.folder)) return choose_model(choice);
  if (choice.trial >= 0 || choice.seed > 0) {
    throw Error(ErrorKind::kUsage,
                "--trial chooses a trial of a study and --train-seed one of `nas train`; " +
                    choice.folder + " is neither");
  }
  if (!std::filesystem::exists(choice.folder)) {
    throw Error(ErrorKind::kUsage, "there is no " + choice.folder +
                                       "; a study, a training, an exported folder or a "
                                       "TorchScript file is wanted");
  }
  return choice.folder;
}

void put(const std::string& bytes) {
  std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write to standard output");
}

int run_generate(const GenerateArguments& arguments) {
  const run::ModelToRead model = model_to_read(arguments.choice);
  run::engine().generate(model, arguments.wanted, put);
  if (::isatty(STDOUT_FILENO) != 0) put("\n");
  return interrupted() ? interrupt_exit_code() : 0;
}

}  // namespace

void add_generate(CLI::App& program, Action& action) {
  auto options = std::make_shared<GenerateArguments>();
  Verb verb(program, "generate", "text from a trained model");
  verb.option("model", options->choice.folder,
              "folder of a study or of `nas train`, exported folder, or TorchScript file of "
              "`nas export`")
      .required();
  verb.option("--prompt", options->wanted.prompt,
              "what the text begins with; empty: the beginning of a document")
      .required();
  verb.option("--tokens", options->wanted.tokens, "tokens to add to it")
      .range(0, kAnyNumber)
      .shows_default();
  verb.option("--temperature", options->wanted.temperature,
              "logits are divided by it before a token is drawn; 0: the likeliest one")
      .range_of_reals(0.0, 1e6)
      .shows_default();
  verb.option("--top-k", options->wanted.top_k,
              "draw from the likeliest K tokens only; 0: from all")
      .range(0, kAnyNumber)
      .shows_default();
  verb.option("--seed", options->wanted.seed, "of the draws: the same seed, the same text")
      .shows_default();
  add_model_choice(verb, options->choice);
  verb.option("--context", options->wanted.context,
              "last tokens that the model sees [all, or as many as its learned positions]")
      .range(1, kAnyNumber);
  verb.footer(
      "The text goes to standard output as it comes, prompt first, byte by byte: what is no UTF-8 "
      "is passed\nthrough. Every token costs a run over the whole text before it.");
  verb.callback([options, &action] { action = [options] { return run_generate(*options); }; });
}

}  // namespace nas::cli
