#include <ATen/ops/tensor.h>

#include <filesystem>

#include "nas/core/error.hpp"
#include "nas/core/interrupt.hpp"
#include "nas/data/tokenizer.hpp"
#include "nas/export/language_model.hpp"
#include "nas/export/sampling.hpp"
#include "verbs.hpp"

namespace nas::engine {
namespace {

exporting::LanguageModel read_export(const std::string& path) {
  if (!std::filesystem::is_directory(path)) return exporting::read_torchscript_model(path);
  if (!exporting::is_hf_folder(path)) {
    throw Error(ErrorKind::kUsage, path +
                                       " is no study, no training of `nas train` and no folder "
                                       "that `nas export --format safetensors` wrote");
  }
  exporting::HfModel read = exporting::read_hf_folder(path);
  return exporting::language_model(std::move(read.model), read.tokenizer);
}

exporting::LanguageModel read_model(const run::ModelToRead& source) {
  if (const auto* path = std::get_if<std::string>(&source)) return read_export(*path);
  const auto& weights = std::get<run::TrainedWeights>(source);
  const std::string tokenizer = tokenizer_of(weights);
  return exporting::language_model(model_of(weights), tokenizer);
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

}  // namespace

void generate(const run::ModelToRead& source, const run::GenerateOptions& options,
              const std::function<void(const std::string&)>& put) {
  const exporting::LanguageModel model = read_model(source);
  const exporting::Sampling sampling{options.temperature, options.top_k, options.seed};
  const std::size_t context = context_of(model, options.context);
  const auto tokenizer = data::load_tokenizer(model.tokenizer);
  // Documents are joined by NUL in training, so a text without a prompt begins after one.
  const std::vector<std::int32_t> prompt =
      tokenizer->encode(options.prompt.empty() ? std::string(1, '\0') : options.prompt);
  std::vector<std::int64_t> text(prompt.begin(), prompt.end());
  put(options.prompt);
  for (std::int64_t step = 0; step < options.tokens && !interrupted(); ++step) {
    const std::int64_t token = exporting::next_token(last_logits(model, text, context), sampling,
                                                     static_cast<std::uint32_t>(step));
    text.push_back(token);
    put(tokenizer->decode({static_cast<std::int32_t>(token)}));
  }
}

}  // namespace nas::engine
