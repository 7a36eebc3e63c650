#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/corpus.hpp"
#include "nas/core/files.hpp"
#include "nas/core/hash.hpp"

namespace nas::data {

inline constexpr std::uint32_t kTokenFileVersion = 1;

/// Ids as they lie in a file: little-endian unsigned words of 1, 2 or 4 bytes, all below the
/// vocabulary's size.
struct TokenSpan {
  const std::byte* data = nullptr;
  std::int64_t count = 0;
  std::uint32_t width = 1;  ///< bytes of a token
  [[nodiscard]] std::int64_t at(std::int64_t i) const;
  /// Copies [first, first + size) to `out`.
  void copy(std::int64_t first, std::int64_t size, std::int64_t* out) const;
};

/// What a token file is made from.
struct TokenFileContents {
  std::string tokenizer;  ///< Tokenizer::serialised()
  std::int64_t vocab_size = 0;
  Hash128 source_hash;                   ///< of the corpus' text and split
  std::uint64_t text_bytes = 0;          ///< of the corpus
  std::uint64_t documents = 0;           ///< of the corpus
  std::vector<std::int32_t> train;       ///< ids
  std::vector<std::int32_t> validation;  ///< ids
};

/// A checked view of a token file's bytes, which it does not own.
///
/// Layout, little-endian: magic "NASTOKEN"; version u32; token width u32; vocabulary size, training
/// tokens, validation tokens, tokenizer bytes, text bytes, documents u64 each; source hash, payload
/// hash, header hash (XXH3-128, of all before it) 16 bytes each. Payload: tokenizer, zeros up to a
/// multiple of 8, training tokens, validation tokens.
struct TokenFileView {
  std::int64_t vocab_size = 0;
  std::string_view tokenizer;
  std::uint64_t text_bytes = 0;
  std::uint64_t documents = 0;
  Hash128 source_hash;
  Hash128 payload_hash;  ///< of tokenizer and tokens
  TokenSpan train;
  TokenSpan validation;
  [[nodiscard]] const TokenSpan& part(Part which) const {
    return which == Part::kTrain ? train : validation;
  }
};

/// Checks everything before anything is used: magic, version, lengths, hashes, ids. Throws
/// Error(kData): "<name>: is no token file of nas", "is torn: ...", "has version 3, ...".
[[nodiscard]] TokenFileView view_token_file(std::span<const std::byte> bytes,
                                            const std::string& name);

/// Writes a file atomically. Throws Error(kIo); Error(kInternal) for an id outside the vocabulary.
void write_token_file(const std::string& path, const TokenFileContents& contents);

/// Sets the header hash and payload hash that the rest of the bytes should have, so that a fuzzer
/// gets past them; leaves bytes alone that are too short or whose lengths do not fit.
void seal_token_file(std::span<std::byte> bytes);

/// A token file mapped into memory.
class TokenFile {
 public:
  /// Throws as view_token_file, Error(kIo) when it cannot be read.
  explicit TokenFile(const std::string& path);
  [[nodiscard]] const TokenFileView& view() const { return view_; }

 private:
  MappedFile file_;
  TokenFileView view_;
};

}  // namespace nas::data
