#include <ATen/ops/tensor.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>

#include "command.hpp"
#include "model_source.hpp"
#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/data/tokenizer.hpp"
#include "nas/export/language_model.hpp"
#include "nas/export/sampling.hpp"

namespace nas::cli {
namespace {

struct GenerateOptions {
  ModelChoice model;
  std::string prompt;
  std::int64_t tokens = 200;
  std::int64_t context = 0;
  exporting::Sampling sampling;
};

exporting::LanguageModel read_model(const ModelChoice& choice) {
  if (has_models(choice.folder)) {
    ModelSource source = open_model(choice);
    const std::string tokenizer = tokenizer_of(source);
    return exporting::language_model(std::move(source.model), tokenizer);
  }
  if (choice.trial >= 0 || choice.seed > 0) {
    throw Error(ErrorKind::kUsage,
                "--trial chooses a trial of a study and --train-seed one of `nas train`; " +
                    choice.folder + " is neither");
  }
  if (std::filesystem::is_directory(choice.folder)) {
    if (!exporting::is_hf_folder(choice.folder)) {
      throw Error(ErrorKind::kUsage, choice.folder +
                                         " is no study, no training of `nas train` and no folder "
                                         "that `nas export --format safetensors` wrote");
    }
    exporting::HfModel read = exporting::read_hf_folder(choice.folder);
    return exporting::language_model(std::move(read.model), read.tokenizer);
  }
  if (!std::filesystem::exists(choice.folder)) {
    throw Error(ErrorKind::kUsage, "there is no " + choice.folder +
                                       "; a study, a training, an exported folder or a "
                                       "TorchScript file is wanted");
  }
  return exporting::read_torchscript_model(choice.folder);
}

/// Tokens that the model sees at once; 0: all.
std::size_t context_of(const exporting::LanguageModel& model, std::int64_t wanted) {
  if (model.max_len > 0 && wanted > model.max_len) {
    throw Error(ErrorKind::kUsage, "--context " + std::to_string(wanted) +
                                       ": the model's learned positions end at " +
                                       std::to_string(model.max_len));
  }
  return static_cast<std::size_t>(wanted > 0 ? wanted : model.max_len);
}

/// Logits [vocab_size] after the last tokens of a text.
at::Tensor last_logits(const exporting::LanguageModel& model, const std::vector<std::int64_t>& text,
                       std::size_t context) {
  const std::size_t seen = context == 0 ? text.size() : std::min(context, text.size());
  const at::ArrayRef<std::int64_t> tokens(text.data() + (text.size() - seen), seen);
  return model.logits(at::tensor(tokens, at::kLong).unsqueeze(0)).select(1, -1).squeeze(0);
}

void put(const std::string& bytes) {
  std::cout.write(bytes.data(), static_cast<std::streamsize>(bytes.size())).flush();
  if (!std::cout) throw Error(ErrorKind::kIo, "cannot write to standard output");
}

int run_generate(const GenerateOptions& options) {
  const exporting::LanguageModel model = read_model(options.model);
  const std::size_t context = context_of(model, options.context);
  const auto tokenizer = data::load_tokenizer(model.tokenizer);
  // Documents are joined by NUL in training, so a text without a prompt begins after one.
  const std::vector<std::int32_t> prompt =
      tokenizer->encode(options.prompt.empty() ? std::string(1, '\0') : options.prompt);
  std::vector<std::int64_t> text(prompt.begin(), prompt.end());
  put(options.prompt);
  for (std::int64_t step = 0; step < options.tokens && !interrupted(); ++step) {
    const std::int64_t token = exporting::next_token(
        last_logits(model, text, context), options.sampling, static_cast<std::uint32_t>(step));
    text.push_back(token);
    put(tokenizer->decode({static_cast<std::int32_t>(token)}));
  }
  if (::isatty(STDOUT_FILENO) != 0) put("\n");
  return interrupted() ? interrupt_exit_code() : 0;
}

}  // namespace

void add_generate(CLI::App& program, Action& action) {
  auto options = std::make_shared<GenerateOptions>();
  constexpr std::int64_t kMany = 1'000'000'000;
  CLI::App* verb = program.add_subcommand("generate", "text from a trained model");
  verb->add_option("model", options->model.folder,
                   "folder of a study or of `nas train`, exported folder, or TorchScript file of "
                   "`nas export`")
      ->required();
  verb->add_option("--prompt", options->prompt,
                   "what the text begins with; empty: the beginning of a document")
      ->required();
  verb->add_option("--tokens", options->tokens, "tokens to add to it")
      ->check(CLI::Range(std::int64_t{0}, kMany))
      ->capture_default_str();
  verb->add_option("--temperature", options->sampling.temperature,
                   "logits are divided by it before a token is drawn; 0: the likeliest one")
      ->check(CLI::Range(0.0, 1e6))
      ->capture_default_str();
  verb->add_option("--top-k", options->sampling.top_k,
                   "draw from the likeliest K tokens only; 0: from all")
      ->check(CLI::Range(std::int64_t{0}, kMany))
      ->capture_default_str();
  verb->add_option("--seed", options->sampling.seed, "of the draws: the same seed, the same text")
      ->capture_default_str();
  add_model_choice(*verb, options->model);
  verb->add_option("--context", options->context,
                   "last tokens that the model sees [all, or as many as its learned positions]")
      ->check(CLI::Range(std::int64_t{1}, kMany));
  verb->footer(
      "The text goes to standard output as it comes, prompt first, byte by byte: what is no UTF-8 "
      "is passed\nthrough. Every token costs a run over the whole text before it.");
  verb->callback([options, &action] { action = [options] { return run_generate(*options); }; });
}

}  // namespace nas::cli
