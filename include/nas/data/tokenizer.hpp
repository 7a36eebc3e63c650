#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace nas::data {

/// Text to token ids and back, losslessly: decode(encode(x)) == x for any bytes.
class Tokenizer {
 public:
  virtual ~Tokenizer() = default;
  [[nodiscard]] virtual std::int64_t vocab_size() const = 0;
  [[nodiscard]] virtual std::vector<std::int32_t> encode(std::string_view text) const = 0;
  /// Throws Error(kData) for an id outside the vocabulary.
  [[nodiscard]] virtual std::string decode(const std::vector<std::int32_t>& ids) const = 0;
  /// Bytes of original text that each id stands for; entry for every id. Losses become bits per
  /// byte through it.
  [[nodiscard]] virtual std::vector<std::int32_t> bytes_of_tokens() const = 0;
  /// Serialised form ("bytes", or a SentencePiece model) for the cache and the exports.
  [[nodiscard]] virtual std::string serialised() const = 0;
};

/// 256 ids, one for each byte.
[[nodiscard]] std::unique_ptr<Tokenizer> make_byte_tokenizer();

/// SentencePiece BPE with the lossless flags of design.md; escapes U+2581 and NUL first.
/// Throws Error(kData) when the text is too small for the vocabulary.
[[nodiscard]] std::unique_ptr<Tokenizer> train_sentencepiece(const std::vector<std::string>& texts,
                                                             std::int64_t vocab_size);

/// From serialised(). Throws Error(kData).
[[nodiscard]] std::unique_ptr<Tokenizer> load_tokenizer(const std::string& serialised);

}  // namespace nas::data
