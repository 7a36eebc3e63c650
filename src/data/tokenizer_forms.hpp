#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "nas/data/tokenizer.hpp"

namespace nas::data {

/// Tokenizer::serialised() of the byte tokenizer; anything else is a SentencePiece model.
inline constexpr const char* kByteTokenizerForm = "bytes";

/// Throws Error(kData) when id is not in [0, vocab_size).
void require_token(std::int32_t id, std::int64_t vocab_size);

/// Throws Error(kData) when this is no SentencePiece model with byte pieces.
[[nodiscard]] std::unique_ptr<Tokenizer> load_sentencepiece(const std::string& model);

/// Cuts a text into pieces of roughly 256 KiB, after line ends where there are any, never inside
/// a character. Tokenizers encode each piece on its own, so pieces may be encoded in parallel.
[[nodiscard]] std::vector<std::string_view> encoding_pieces(std::string_view text);

}  // namespace nas::data
