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

inline constexpr std::uint32_t kTokenFileVersion = 2;

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

/// First tokens of a part's documents as they lie in a file, little-endian 64-bit words: 0, then
/// ascending, all below the part's number of tokens; none in an empty part.
struct DocumentSpan {
  const std::byte* data = nullptr;
  std::int64_t count = 0;
  [[nodiscard]] std::int64_t at(std::int64_t i) const;
  /// The first document that starts after a token, `count` when none does.
  [[nodiscard]] std::int64_t first_after(std::int64_t token) const;
};

/// What a token file is made from.
struct TokenFileContents {
  std::string tokenizer;  ///< Tokenizer::serialised()
  std::int64_t vocab_size = 0;
  Hash128 source_hash;                   ///< of the corpus' text and split
  std::uint64_t text_bytes = 0;          ///< of the corpus
  std::vector<std::int32_t> train;       ///< ids
  std::vector<std::int32_t> validation;  ///< ids
  /// First tokens of the documents, as DocumentSpan has them.
  std::vector<std::int64_t> train_documents;
  std::vector<std::int64_t> validation_documents;
};

/// A checked view of a token file's bytes, which it does not own.
///
/// Layout, little-endian: magic "NASTOKEN"; version u32; token width u32; vocabulary size, training
/// tokens, validation tokens, tokenizer bytes, text bytes, training documents, validation documents
/// u64 each; source hash, payload hash, documents hash, header hash (XXH3-128, of all before it) 16
/// bytes each. Payload: tokenizer, zeros up to a multiple of 8, training tokens, validation tokens.
/// Then zeros up to a multiple of 8, first tokens of the training documents and of the validation
/// documents, u64 each; the documents hash covers them and the zeros.
///
/// Version 1 knew no documents; its payload hash is this version's.
struct TokenFileView {
  std::int64_t vocab_size = 0;
  std::string_view tokenizer;
  std::uint64_t text_bytes = 0;
  Hash128 source_hash;
  Hash128 payload_hash;    ///< of tokenizer and tokens
  Hash128 documents_hash;  ///< of the documents' first tokens
  TokenSpan train;
  TokenSpan validation;
  DocumentSpan train_documents;
  DocumentSpan validation_documents;
  [[nodiscard]] const TokenSpan& part(Part which) const {
    return which == Part::kTrain ? train : validation;
  }
};

/// Checks everything before anything is used: magic, version, lengths, hashes, ids, documents.
/// Throws Error(kData): "<name>: is no token file of nas", "is torn: ...", "has version 3, ...".
[[nodiscard]] TokenFileView view_token_file(std::span<const std::byte> bytes,
                                            const std::string& name);

/// Writes a file atomically. Throws Error(kIo); Error(kInternal) for an id outside the vocabulary
/// and for documents that are not as DocumentSpan has them.
void write_token_file(const std::string& path, const TokenFileContents& contents);

/// Sets the hashes that the rest of the bytes should have, so that a fuzzer gets past them; leaves
/// bytes alone that are too short or whose lengths do not fit.
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
