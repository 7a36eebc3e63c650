#include "data/token_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "nas/core/error.hpp"

namespace nas::data {
namespace {

static_assert(std::endian::native == std::endian::little, "files are little-endian, as is memory");

constexpr char kMagic[8] = {'N', 'A', 'S', 'T', 'O', 'K', 'E', 'N'};

/// The first bytes of a file, in its order; no padding.
struct Header {
  std::array<char, 8> magic{};
  std::uint32_t version = 0;
  std::uint32_t width = 0;
  std::uint64_t vocab_size = 0;
  std::uint64_t train_tokens = 0;
  std::uint64_t validation_tokens = 0;
  std::uint64_t tokenizer_bytes = 0;
  std::uint64_t text_bytes = 0;
  std::uint64_t documents = 0;
  Hash128 source_hash;
  Hash128 payload_hash;
  Hash128 header_hash;
};
static_assert(sizeof(Header) == 112 && std::is_trivially_copyable_v<Header>);
constexpr std::size_t kHashedHeaderBytes = sizeof(Header) - sizeof(Hash128);

constexpr std::uint64_t kMaxVocabSize = 1ULL << 31U;

Hash128 hash_header(const Header& header) {
  std::array<std::byte, sizeof(Header)> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  return hash_bytes(bytes.data(), kHashedHeaderBytes);
}

std::uint64_t padded(std::uint64_t size) { return (size + 7U) & ~std::uint64_t{7}; }

/// Bytes a file of this header has, or nothing when the lengths do not fit 64 bits.
bool file_size_of(const Header& header, std::uint64_t& size) {
  constexpr std::uint64_t kLimit = 1ULL << 48U;
  if (header.tokenizer_bytes > kLimit || header.train_tokens > kLimit ||
      header.validation_tokens > kLimit) {
    return false;
  }
  size = sizeof(Header) + padded(header.tokenizer_bytes) +
         (header.train_tokens + header.validation_tokens) * header.width;
  return true;
}

std::uint32_t width_for(std::int64_t vocab_size) {
  if (vocab_size <= 256) return 1;
  return vocab_size <= 65536 ? 2 : 4;
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw Error(ErrorKind::kData, name + ": " + why);
}

Header checked_header(std::span<const std::byte> bytes, const std::string& name) {
  Header header;
  const std::size_t magic_bytes = std::min(bytes.size(), sizeof kMagic);
  if (magic_bytes == 0 || std::memcmp(bytes.data(), kMagic, magic_bytes) != 0) {
    refuse(name, "is no token file of nas");
  }
  if (bytes.size() >= 12) {
    std::memcpy(&header.version, bytes.data() + 8, sizeof header.version);
    if (header.version > kTokenFileVersion) {
      refuse(name, "has version " + std::to_string(header.version) +
                       ", this program reads token files up to version " +
                       std::to_string(kTokenFileVersion));
    }
  }
  if (bytes.size() < sizeof(Header)) {
    refuse(name, "is torn: " + std::to_string(bytes.size()) + " bytes, a header has " +
                     std::to_string(sizeof(Header)));
  }
  std::memcpy(&header, bytes.data(), sizeof header);
  if (header.header_hash != hash_header(header)) refuse(name, "is damaged: wrong header checksum");
  const bool is_known_width = header.width == 1 || header.width == 2 || header.width == 4;
  if (header.version == 0 || !is_known_width || header.vocab_size == 0 ||
      header.vocab_size > kMaxVocabSize) {
    refuse(name, "is damaged: version " + std::to_string(header.version) + ", " +
                     std::to_string(header.width) + " bytes a token, vocabulary of " +
                     std::to_string(header.vocab_size));
  }
  std::uint64_t size = 0;
  if (!file_size_of(header, size)) refuse(name, "is damaged: impossible lengths");
  if (size != bytes.size()) {
    refuse(name, "is torn: " + std::to_string(bytes.size()) + " bytes where its header says " +
                     std::to_string(size));
  }
  return header;
}

template <class Word>
std::uint64_t largest(const std::byte* data, std::int64_t count) {
  Word result = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Word word = 0;
    std::memcpy(&word, data + static_cast<std::size_t>(i) * sizeof word, sizeof word);
    result = std::max(result, word);
  }
  return result;
}

/// 0 without a look where every word is below vocab_size.
std::uint64_t largest_token(const TokenSpan& tokens, std::uint64_t vocab_size) {
  if (vocab_size >> (8U * tokens.width) != 0) return 0;
  if (tokens.width == 1) return largest<std::uint8_t>(tokens.data, tokens.count);
  if (tokens.width == 2) return largest<std::uint16_t>(tokens.data, tokens.count);
  return largest<std::uint32_t>(tokens.data, tokens.count);
}

template <class Word>
void widen(const std::byte* data, std::int64_t count, std::int64_t* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    Word word = 0;
    std::memcpy(&word, data + static_cast<std::size_t>(i) * sizeof word, sizeof word);
    out[i] = static_cast<std::int64_t>(word);
  }
}

/// Appends ids as words; `limit` is the vocabulary's size.
template <class Word>
void append_words(const std::vector<std::int32_t>& ids, std::int64_t limit,
                  std::vector<std::byte>& out) {
  std::size_t at = out.size();
  out.resize(at + ids.size() * sizeof(Word));
  for (const std::int32_t id : ids) {
    NAS_ASSERT(id >= 0 && id < limit);
    const Word word = static_cast<Word>(id);
    std::memcpy(out.data() + at, &word, sizeof word);
    at += sizeof word;
  }
}

void append_tokens(const std::vector<std::int32_t>& ids, std::int64_t limit, std::uint32_t width,
                   std::vector<std::byte>& out) {
  if (width == 1) return append_words<std::uint8_t>(ids, limit, out);
  if (width == 2) return append_words<std::uint16_t>(ids, limit, out);
  append_words<std::uint32_t>(ids, limit, out);
}

std::vector<std::byte> payload_of(const TokenFileContents& contents, std::uint32_t width) {
  std::vector<std::byte> payload;
  payload.reserve(padded(contents.tokenizer.size()) +
                  (contents.train.size() + contents.validation.size()) * width);
  payload.resize(padded(contents.tokenizer.size()));
  std::memcpy(payload.data(), contents.tokenizer.data(), contents.tokenizer.size());
  append_tokens(contents.train, contents.vocab_size, width, payload);
  append_tokens(contents.validation, contents.vocab_size, width, payload);
  return payload;
}

}  // namespace

std::int64_t TokenSpan::at(std::int64_t i) const {
  std::int64_t token = 0;
  copy(i, 1, &token);
  return token;
}

void TokenSpan::copy(std::int64_t first, std::int64_t size, std::int64_t* out) const {
  NAS_ASSERT(first >= 0 && size >= 0 && first <= count - size);
  const std::byte* from = data + static_cast<std::size_t>(first) * width;
  if (width == 1) return widen<std::uint8_t>(from, size, out);
  if (width == 2) return widen<std::uint16_t>(from, size, out);
  widen<std::uint32_t>(from, size, out);
}

TokenFileView view_token_file(std::span<const std::byte> bytes, const std::string& name) {
  const Header header = checked_header(bytes, name);
  const std::byte* payload = bytes.data() + sizeof(Header);
  if (hash_bytes(payload, bytes.size() - sizeof(Header)) != header.payload_hash) {
    refuse(name, "is damaged: wrong checksum of its contents");
  }
  TokenFileView view;
  view.vocab_size = static_cast<std::int64_t>(header.vocab_size);
  view.tokenizer = {reinterpret_cast<const char*>(payload), header.tokenizer_bytes};
  view.text_bytes = header.text_bytes;
  view.documents = header.documents;
  view.source_hash = header.source_hash;
  view.payload_hash = header.payload_hash;
  const std::byte* tokens = payload + padded(header.tokenizer_bytes);
  view.train = {tokens, static_cast<std::int64_t>(header.train_tokens), header.width};
  view.validation = {tokens + header.train_tokens * header.width,
                     static_cast<std::int64_t>(header.validation_tokens), header.width};
  const std::uint64_t top = std::max(largest_token(view.train, header.vocab_size),
                                     largest_token(view.validation, header.vocab_size));
  if (top >= header.vocab_size) {
    refuse(name, "is damaged: token " + std::to_string(top) + " in a vocabulary of " +
                     std::to_string(header.vocab_size));
  }
  return view;
}

void write_token_file(const std::string& path, const TokenFileContents& contents) {
  Header header;
  std::copy(std::begin(kMagic), std::end(kMagic), header.magic.begin());
  header.version = kTokenFileVersion;
  header.width = width_for(contents.vocab_size);
  header.vocab_size = static_cast<std::uint64_t>(contents.vocab_size);
  header.train_tokens = contents.train.size();
  header.validation_tokens = contents.validation.size();
  header.tokenizer_bytes = contents.tokenizer.size();
  header.text_bytes = contents.text_bytes;
  header.documents = contents.documents;
  header.source_hash = contents.source_hash;
  const std::vector<std::byte> payload = payload_of(contents, header.width);
  header.payload_hash = hash_bytes(payload.data(), payload.size());
  header.header_hash = hash_header(header);
  write_file_atomically(path, [&](const std::function<void(const void*, std::size_t)>& sink) {
    sink(&header, sizeof header);
    sink(payload.data(), payload.size());
  });
}

void seal_token_file(std::span<std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) return;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  header.payload_hash = hash_bytes(bytes.data() + sizeof(Header), bytes.size() - sizeof(Header));
  header.header_hash = hash_header(header);
  std::memcpy(bytes.data(), &header, sizeof header);
}

TokenFile::TokenFile(const std::string& path)
    : file_(path), view_(view_token_file({file_.data(), file_.size()}, path)) {}

}  // namespace nas::data
