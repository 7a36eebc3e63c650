#include <algorithm>
#include <cctype>
#include <cstdint>
#include <utility>

#include "data/tokenizer_forms.hpp"
#include "data/utf8.hpp"
#include "nas/core/built_program.hpp"
#include "nas/core/child_program.hpp"
#include "nas/core/error.hpp"

namespace nas::data {
namespace {

/// SentencePiece leaves out longer sentences (its max_sentence_length, in bytes).
constexpr std::size_t kSentenceBytes = 4192;

/// What it leaves a whole sentence out for: its boundary mark (a tab), NUL, its own space mark.
std::size_t reserved_length(std::string_view text, std::size_t at) {
  if (text[at] == '\t' || text[at] == '\0') return 1;
  if (text.substr(at, 3) == "\xE2\x96\x81") return 3;
  return utf8_character(text, at) == 0 ? 1 : 0;
}

/// Cuts texts into sentences for training only: a line with the empty lines after it, without
/// reserved characters, at most kSentenceBytes long.
std::vector<std::string> sentences_of(const std::vector<std::string>& texts) {
  std::vector<std::string> sentences;
  for (const std::string& text : texts) {
    std::string sentence;
    const auto finish = [&] {
      if (!sentence.empty()) sentences.push_back(std::exchange(sentence, {}));
    };
    std::size_t at = 0;
    while (at < text.size()) {
      if (const std::size_t reserved = reserved_length(text, at)) {
        finish();
        at += reserved;
        continue;
      }
      const std::size_t length = utf8_character(text, at);
      const bool is_new_line = !sentence.empty() && sentence.back() == '\n' && text[at] != '\n';
      if (is_new_line || sentence.size() + length > kSentenceBytes) finish();
      sentence.append(text, at, length);
      at += length;
    }
    finish();
  }
  return sentences;
}

/// Each sentence after its number of bytes.
std::string framed(const std::vector<std::string>& sentences) {
  std::string input;
  for (const std::string& sentence : sentences) {
    const std::uint64_t size = sentence.size();
    input.append(reinterpret_cast<const char*>(&size), sizeof size);
    input += sentence;
  }
  return input;
}

/// The whole number that ends a text, empty when none does: SentencePiece's messages end so.
std::string number_at_end(std::string text) {
  while (!text.empty() && std::isdigit(static_cast<unsigned char>(text.back())) == 0) {
    text.pop_back();
  }
  std::size_t begin = text.size();
  while (begin > 0 && std::isdigit(static_cast<unsigned char>(text[begin - 1])) != 0) --begin;
  return text.substr(begin);
}

[[noreturn]] void refuse(std::int64_t vocab_size, std::size_t bytes, const ProgramResult& result) {
  const std::string& message = result.errors;
  const std::string start = "data.tokenizer.vocab_size = " + std::to_string(vocab_size) + ": ";
  const std::string text = "the training text (" + std::to_string(bytes) + " bytes) ";
  const std::string smaller = "Vocabulary size is smaller than required_chars. ";
  if (const std::size_t at = message.find(smaller); at != std::string::npos) {
    const std::size_t versus = message.find(" vs ", at);
    const std::string needed = number_at_end(message.substr(0, message.find('.', versus)));
    throw Error(ErrorKind::kData,
                start + text + "has so many characters that at least " + needed + " are needed");
  }
  if (message.find("Vocabulary size too high") != std::string::npos) {
    throw Error(ErrorKind::kData,
                start + text + "is too small, it gives at most " + number_at_end(message));
  }
  throw Error(ErrorKind::kData, start + text + "was not accepted by SentencePiece (exit code " +
                                    std::to_string(result.exit_code) + "): " + message);
}

}  // namespace

std::unique_ptr<Tokenizer> train_sentencepiece(const std::vector<std::string>& texts,
                                               std::int64_t vocab_size) {
  const std::vector<std::string> sentences = sentences_of(texts);
  std::size_t bytes = 0;
  for (const std::string& sentence : sentences) bytes += sentence.size();
  const ProgramResult trained = run_program(
      {built_program("nas-sentencepiece"), "train", std::to_string(vocab_size)}, framed(sentences));
  if (trained.exit_code != 0) refuse(vocab_size, bytes, trained);
  return load_sentencepiece(trained.output);
}

}  // namespace nas::data
