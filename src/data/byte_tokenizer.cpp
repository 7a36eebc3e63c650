#include <string>

#include "data/tokenizer_forms.hpp"
#include "nas/core/error.hpp"

namespace nas::data {
namespace {

class ByteTokenizer final : public Tokenizer {
 public:
  [[nodiscard]] std::int64_t vocab_size() const override { return 256; }

  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<std::int32_t> ids;
    ids.reserve(text.size());
    for (const char c : text) ids.push_back(static_cast<unsigned char>(c));
    return ids;
  }

  [[nodiscard]] std::string decode(const std::vector<std::int32_t>& ids) const override {
    std::string text;
    text.reserve(ids.size());
    for (const std::int32_t id : ids) {
      require_token(id, vocab_size());
      text.push_back(static_cast<char>(static_cast<unsigned char>(id)));
    }
    return text;
  }

  [[nodiscard]] std::vector<std::int32_t> bytes_of_tokens() const override {
    return std::vector<std::int32_t>(256, 1);
  }

  [[nodiscard]] std::string serialised() const override { return kByteTokenizerForm; }
};

}  // namespace

void require_token(std::int32_t id, std::int64_t vocab_size) {
  if (id >= 0 && id < vocab_size) return;
  throw Error(ErrorKind::kData, "token " + std::to_string(id) + " is outside the vocabulary, [0, " +
                                    std::to_string(vocab_size - 1) + "]");
}

std::unique_ptr<Tokenizer> make_byte_tokenizer() { return std::make_unique<ByteTokenizer>(); }

std::unique_ptr<Tokenizer> load_tokenizer(const std::string& serialised) {
  if (serialised == kByteTokenizerForm) return make_byte_tokenizer();
  return load_sentencepiece(serialised);
}

}  // namespace nas::data
