#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace nas::data {

/// SentencePiece's kinds of pieces, with its numbers.
enum class PieceKind : std::uint8_t {
  kNormal = 1,
  kUnknown = 2,
  kControl = 3,
  kUserDefined = 4,
  kUnused = 5,
  kByte = 6
};

struct SentencePiece {
  std::string text;  ///< with U+2581 for a space; "<0x41>" for a byte
  float score = 0;   ///< of BPE: minus the rank of its merge
  PieceKind kind = PieceKind::kNormal;
};

/// Pieces of a SentencePiece BPE model, by id.
///
/// The model is read here and not by libsentencepiece, because that library cannot live in one
/// process with LibTorch: both export a variable FLAGS_minloglevel, of 32 bytes in one and of 4 in
/// the other, and the dynamic linker makes them one.
struct SentencePieceModel {
  std::vector<SentencePiece> pieces;
};

/// Reads a serialised ModelProto (protobuf). Throws Error(kData) when it is none, or not one of
/// ours: BPE with a piece for each byte and without any normalisation.
[[nodiscard]] SentencePieceModel parse_sentencepiece_model(std::string_view bytes);

/// The byte that a byte piece, spelled <0x41>, stands for. Throws Error(kData) for another text.
[[nodiscard]] unsigned char byte_of_piece(const std::string& text);

}  // namespace nas::data
