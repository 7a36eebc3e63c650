#include <algorithm>
#include <utility>

#include "data/bpe.hpp"
#include "data/sentencepiece_model.hpp"
#include "data/tokenizer_forms.hpp"
#include "data/utf8.hpp"
#include "nas/core/error.hpp"

namespace nas::data {
namespace {

constexpr std::string_view kWordMark = "\xE2\x96\x81";  // U+2581, SentencePiece's space
constexpr std::size_t kPieceBytes = std::size_t{256} << 10U;

/// Length of the part of `text` from `at` that SentencePiece carries unchanged: well-formed
/// characters other than NUL and U+2581.
std::size_t plain_length(std::string_view text, std::size_t at) {
  const std::size_t begin = at;
  while (at < text.size()) {
    const std::size_t length = text[at] == '\0' ? 0 : utf8_character(text, at);
    if (length == 0 || text.substr(at, length) == kWordMark) break;
    at += length;
  }
  return at - begin;
}

/// What a piece decodes to; nothing for <unk>, which encode never gives.
std::string decoded(const SentencePiece& piece) {
  if (piece.kind == PieceKind::kByte) {
    return std::string(1, static_cast<char>(byte_of_piece(piece.text)));
  }
  if (piece.kind != PieceKind::kNormal) return "";
  std::string text = piece.text;
  for (std::size_t at = text.find(kWordMark); at != std::string::npos;
       at = text.find(kWordMark, at + 1)) {
    text.replace(at, kWordMark.size(), " ");
  }
  return text;
}

std::vector<std::string> decoded_pieces(const SentencePieceModel& model) {
  std::vector<std::string> texts;
  texts.reserve(model.pieces.size());
  for (const SentencePiece& piece : model.pieces) texts.push_back(decoded(piece));
  return texts;
}

/// BPE with SentencePiece's pieces. The bytes that SentencePiece would change (NUL, U+2581, invalid
/// UTF-8) are escaped as byte pieces, which decode to themselves; so every id stands for fixed
/// bytes.
class SentencePieceTokenizer final : public Tokenizer {
 public:
  SentencePieceTokenizer(std::string serialised, const SentencePieceModel& model)
      : serialised_(std::move(serialised)),
        texts_(decoded_pieces(model)),
        encoder_(model, texts_) {}

  [[nodiscard]] std::int64_t vocab_size() const override {
    return static_cast<std::int64_t>(texts_.size());
  }

  [[nodiscard]] std::vector<std::int32_t> encode(std::string_view text) const override {
    std::vector<std::int32_t> ids;
    for (const std::string_view piece : encoding_pieces(text)) {
      for (std::size_t at = 0; at < piece.size();) {
        const std::size_t length = plain_length(piece, at);
        encoder_.encode(piece.substr(at, length), ids);
        at += length;
        at += append_escaped(piece, at, ids);
      }
    }
    return ids;
  }

  [[nodiscard]] std::string decode(const std::vector<std::int32_t>& ids) const override {
    std::string text;
    for (const std::int32_t id : ids) {
      require_token(id, vocab_size());
      text += texts_[static_cast<std::size_t>(id)];
    }
    return text;
  }

  [[nodiscard]] std::vector<std::int32_t> bytes_of_tokens() const override {
    std::vector<std::int32_t> bytes;
    bytes.reserve(texts_.size());
    for (const std::string& text : texts_) bytes.push_back(static_cast<std::int32_t>(text.size()));
    return bytes;
  }

  [[nodiscard]] std::string serialised() const override { return serialised_; }

 private:
  /// Appends the character (or the single byte, where there is none) at `at` byte by byte; returns
  /// its length, 0 at the end.
  std::size_t append_escaped(std::string_view text, std::size_t at,
                             std::vector<std::int32_t>& ids) const {
    if (at >= text.size()) return 0;
    const std::size_t length = std::max<std::size_t>(1, utf8_character(text, at));
    for (const char c : text.substr(at, length)) {
      ids.push_back(encoder_.id_of_byte(static_cast<unsigned char>(c)));
    }
    return length;
  }

  std::string serialised_;
  std::vector<std::string> texts_;  ///< of each id
  BytePairEncoder encoder_;
};

}  // namespace

std::vector<std::string_view> encoding_pieces(std::string_view text) {
  std::vector<std::string_view> pieces;
  while (text.size() > 2 * kPieceBytes) {
    const std::size_t line_end = text.substr(0, 2 * kPieceBytes).find('\n', kPieceBytes);
    const std::size_t end = line_end == std::string_view::npos
                                ? character_boundary(text, 2 * kPieceBytes)
                                : line_end + 1;
    pieces.push_back(text.substr(0, end));
    text.remove_prefix(end);
  }
  if (!text.empty()) pieces.push_back(text);
  return pieces;
}

std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& model) {
  return std::make_unique<SentencePieceTokenizer>(model, parse_sentencepiece_model(model));
}

}  // namespace nas::data
