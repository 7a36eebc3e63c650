#include "data/sentencepiece_model.hpp"

#include <array>
#include <bit>
#include <cmath>

#include "nas/core/error.hpp"

namespace nas::data {
namespace {

[[noreturn]] void refuse(const std::string& why) {
  throw Error(ErrorKind::kData, "no SentencePiece model of nas: " + why);
}

/// A field of a protobuf message: its number and its value by wire type.
struct ProtoField {
  std::uint64_t number = 0;
  std::uint64_t value = 0;   ///< varint or fixed
  std::string_view content;  ///< length-delimited
};

/// Reads the fields of a message one after the other (protobuf.dev, "Encoding").
class ProtoReader {
 public:
  explicit ProtoReader(std::string_view bytes) : rest_(bytes) {}

  /// False at the end, which leaves `field` as it was.
  [[nodiscard]] bool next(ProtoField& field) {
    if (rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field = {};
    field.number = tag >> 3U;
    switch (tag & 7U) {
      case 0:
        field.value = varint();
        break;
      case 1:
        field.value = fixed(8);
        break;
      case 2:
        field.content = take(varint());
        break;
      case 5:
        field.value = fixed(4);
        break;
      default:
        refuse("unknown wire type " + std::to_string(tag & 7U));
    }
    return true;
  }

 private:
  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) refuse("it is cut short");
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if ((byte & 0x80U) == 0) return value;
    }
    refuse("a number is too long");
  }

  std::uint64_t fixed(unsigned size) {
    std::uint64_t value = 0;
    unsigned shift = 0;
    for (const char c : take(size)) {
      value |= std::uint64_t{static_cast<unsigned char>(c)} << shift;
      shift += 8;
    }
    return value;
  }

  std::string_view rest_;
};

SentencePiece parse_piece(std::string_view bytes) {
  SentencePiece piece;
  ProtoReader reader(bytes);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 1) piece.text = field.content;
    if (field.number == 2) {
      piece.score = std::bit_cast<float>(static_cast<std::uint32_t>(field.value));
    }
    if (field.number == 3) {
      if (field.value < 1 || field.value > 6) refuse("a piece of unknown kind");
      piece.kind = static_cast<PieceKind>(field.value);
    }
  }
  return piece;
}

/// TrainerSpec: model_type (3) is BPE = 2.
bool is_bpe(std::string_view trainer_spec) {
  std::uint64_t type = 1;
  ProtoReader reader(trainer_spec);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 3) type = field.value;
  }
  return type == 2;
}

/// NormalizerSpec: no precompiled_charsmap (2); add_dummy_prefix (3), remove_extra_whitespaces (4)
/// switched off, escape_whitespaces (5) left on.
bool changes_nothing(std::string_view normalizer_spec) {
  bool has_charsmap = false;
  bool adds_prefix = true;
  bool removes_spaces = true;
  bool escapes_spaces = true;
  ProtoReader reader(normalizer_spec);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 2) has_charsmap = !field.content.empty();
    if (field.number == 3) adds_prefix = field.value != 0;
    if (field.number == 4) removes_spaces = field.value != 0;
    if (field.number == 5) escapes_spaces = field.value != 0;
  }
  return !has_charsmap && !adds_prefix && !removes_spaces && escapes_spaces;
}

void require_pieces(const std::vector<SentencePiece>& pieces) {
  std::array<bool, 256> has_byte{};
  for (const SentencePiece& piece : pieces) {
    if (piece.kind == PieceKind::kByte) has_byte[byte_of_piece(piece.text)] = true;
    if (piece.kind == PieceKind::kUserDefined || piece.kind == PieceKind::kUnused) {
      refuse("it has user-defined or unused pieces");
    }
    if (piece.text.empty()) refuse("a piece is empty");
    if (std::isnan(piece.score)) refuse("a piece's score is not a number");
  }
  for (const bool has : has_byte) {
    if (!has) refuse("it lacks byte pieces");
  }
}

}  // namespace

unsigned char byte_of_piece(const std::string& text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  const bool is_framed = text.size() == 6 && text.starts_with("<0x") && text.back() == '>';
  const std::size_t high = is_framed ? kDigits.find(text[3]) : std::string_view::npos;
  const std::size_t low = is_framed ? kDigits.find(text[4]) : std::string_view::npos;
  if (high == std::string_view::npos || low == std::string_view::npos) {
    refuse("a byte piece is spelled \"" + text + "\"");
  }
  return static_cast<unsigned char>(high * 16 + low);
}

SentencePieceModel parse_sentencepiece_model(std::string_view bytes) {
  SentencePieceModel model;
  bool is_ours = false;
  bool keeps_text = false;
  ProtoReader reader(bytes);
  ProtoField field;
  while (reader.next(field)) {
    if (field.number == 1) model.pieces.push_back(parse_piece(field.content));
    if (field.number == 2) is_ours = is_bpe(field.content);
    if (field.number == 3) keeps_text = changes_nothing(field.content);
  }
  if (!is_ours) refuse("its kind is not BPE");
  if (!keeps_text) refuse("it normalises text");
  require_pieces(model.pieces);
  return model;
}

}  // namespace nas::data
