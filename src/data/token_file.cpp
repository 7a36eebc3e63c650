#include "data/token_file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

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
  std::uint64_t train_documents = 0;
  std::uint64_t validation_documents = 0;
  Hash128 source_hash;
  Hash128 payload_hash;
  Hash128 documents_hash;
  Hash128 header_hash;
};
static_assert(sizeof(Header) == 136 && std::is_trivially_copyable_v<Header>);
static_assert(sizeof(Header) % 8 == 0, "the payload is aligned");
constexpr std::size_t kHashedHeaderBytes = sizeof(Header) - sizeof(Hash128);

constexpr std::uint64_t kMaxVocabSize = 1ULL << 31U;
constexpr std::size_t kStartBytes = sizeof(std::uint64_t);

Hash128 hash_header(const Header& header) {
  std::array<std::byte, sizeof(Header)> bytes{};
  std::memcpy(bytes.data(), &header, sizeof header);
  return hash_bytes(bytes.data(), kHashedHeaderBytes);
}

std::uint64_t padded(std::uint64_t size) { return (size + 7U) & ~std::uint64_t{7}; }

/// Where the parts of a file of some header begin or end, in bytes.
struct Layout {
  std::uint64_t train = 0;
  std::uint64_t validation = 0;
  std::uint64_t payload_end = 0;
  std::uint64_t train_documents = 0;
  std::uint64_t validation_documents = 0;
  std::uint64_t end = 0;
};

/// Nothing when the lengths do not fit 64 bits.
std::optional<Layout> layout_of(const Header& header) {
  constexpr std::uint64_t kLimit = 1ULL << 48U;
  if (header.width > sizeof(std::uint32_t)) return std::nullopt;
  for (const std::uint64_t length :
       {header.tokenizer_bytes, header.train_tokens, header.validation_tokens,
        header.train_documents, header.validation_documents}) {
    if (length > kLimit) return std::nullopt;
  }
  Layout layout;
  layout.train = sizeof(Header) + padded(header.tokenizer_bytes);
  layout.validation = layout.train + header.train_tokens * header.width;
  layout.payload_end = layout.validation + header.validation_tokens * header.width;
  layout.train_documents = padded(layout.payload_end);
  layout.validation_documents = layout.train_documents + header.train_documents * kStartBytes;
  layout.end = layout.validation_documents + header.validation_documents * kStartBytes;
  return layout;
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
    if (header.version == 1) {
      refuse(name,
             "has version 1, which does not tell documents apart; this program reads version " +
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
  const std::optional<Layout> layout = layout_of(header);
  if (!layout) refuse(name, "is damaged: impossible lengths");
  if (layout->end != bytes.size()) {
    refuse(name, "is torn: " + std::to_string(bytes.size()) + " bytes where its header says " +
                     std::to_string(layout->end));
  }
  return header;
}

/// The layout of a header whose lengths are known to fit: a checked one, or one of our own.
Layout layout_that_fits(const Header& header) {
  const std::optional<Layout> layout = layout_of(header);
  NAS_ASSERT(layout.has_value());
  return *layout;
}

/// Hashes of a file's tokens and documents as its bytes are.
void set_hashes(Header& header, const Layout& layout, const std::byte* file) {
  header.payload_hash = hash_bytes(file + sizeof(Header), layout.payload_end - sizeof(Header));
  header.documents_hash = hash_bytes(file + layout.payload_end, layout.end - layout.payload_end);
  header.header_hash = hash_header(header);
}

/// Why documents cannot begin at these tokens of a part; empty when they can.
std::string fault_of(const DocumentSpan& documents, std::int64_t tokens) {
  std::int64_t least = 0;
  for (std::int64_t i = 0; i < documents.count; ++i) {
    const std::int64_t start = documents.at(i);
    if (start < least || start >= tokens || (i == 0 && start != 0)) {
      return "document " + std::to_string(i) + " begins at token " + std::to_string(start) +
             " of " + std::to_string(tokens);
    }
    least = start + 1;
  }
  return tokens > 0 && documents.count == 0 ? "tokens of no document" : "";
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

void append_documents(const std::vector<std::int64_t>& starts, std::size_t tokens,
                      std::vector<std::byte>& out) {
  const auto* bytes = reinterpret_cast<const std::byte*>(starts.data());
  const auto count = static_cast<std::int64_t>(starts.size());
  NAS_ASSERT(fault_of({bytes, count}, static_cast<std::int64_t>(tokens)).empty());
  out.insert(out.end(), bytes, bytes + starts.size() * kStartBytes);
}

/// Everything after the header, which stands first and is left empty.
std::vector<std::byte> file_of(const TokenFileContents& contents, const Layout& layout,
                               std::uint32_t width) {
  std::vector<std::byte> file;
  file.reserve(layout.end);
  file.resize(layout.train);
  std::memcpy(file.data() + sizeof(Header), contents.tokenizer.data(), contents.tokenizer.size());
  append_tokens(contents.train, contents.vocab_size, width, file);
  append_tokens(contents.validation, contents.vocab_size, width, file);
  file.resize(layout.train_documents);
  append_documents(contents.train_documents, contents.train.size(), file);
  append_documents(contents.validation_documents, contents.validation.size(), file);
  return file;
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

std::int64_t DocumentSpan::at(std::int64_t i) const {
  NAS_ASSERT(i >= 0 && i < count);
  std::int64_t start = 0;
  std::memcpy(&start, data + static_cast<std::size_t>(i) * sizeof start, sizeof start);
  return start;
}

std::int64_t DocumentSpan::first_after(std::int64_t token) const {
  std::int64_t low = 0;
  for (std::int64_t high = count; low < high;) {
    const std::int64_t middle = low + (high - low) / 2;
    if (at(middle) > token) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

TokenFileView view_token_file(std::span<const std::byte> bytes, const std::string& name) {
  const Header header = checked_header(bytes, name);
  const Layout layout = layout_that_fits(header);
  const std::byte* const file = bytes.data();
  Header right = header;
  set_hashes(right, layout, file);
  if (right.payload_hash != header.payload_hash || right.documents_hash != header.documents_hash) {
    refuse(name, "is damaged: wrong checksum of its contents");
  }
  TokenFileView view;
  view.vocab_size = static_cast<std::int64_t>(header.vocab_size);
  view.tokenizer = {reinterpret_cast<const char*>(file + sizeof(Header)), header.tokenizer_bytes};
  view.text_bytes = header.text_bytes;
  view.source_hash = header.source_hash;
  view.payload_hash = header.payload_hash;
  view.documents_hash = header.documents_hash;
  view.train = {file + layout.train, static_cast<std::int64_t>(header.train_tokens), header.width};
  view.validation = {file + layout.validation, static_cast<std::int64_t>(header.validation_tokens),
                     header.width};
  view.train_documents = {file + layout.train_documents,
                          static_cast<std::int64_t>(header.train_documents)};
  view.validation_documents = {file + layout.validation_documents,
                               static_cast<std::int64_t>(header.validation_documents)};
  for (const auto& [documents, tokens] : {std::pair(view.train_documents, view.train),
                                          std::pair(view.validation_documents, view.validation)}) {
    const std::string fault = fault_of(documents, tokens.count);
    if (!fault.empty()) refuse(name, "is damaged: " + fault);
  }
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
  header.train_documents = contents.train_documents.size();
  header.validation_documents = contents.validation_documents.size();
  header.source_hash = contents.source_hash;
  const Layout layout = layout_that_fits(header);
  const std::vector<std::byte> file = file_of(contents, layout, header.width);
  set_hashes(header, layout, file.data());
  write_file_atomically(path, [&](const std::function<void(const void*, std::size_t)>& sink) {
    sink(&header, sizeof header);
    sink(file.data() + sizeof header, file.size() - sizeof header);
  });
}

void seal_token_file(std::span<std::byte> bytes) {
  if (bytes.size() < sizeof(Header)) return;
  Header header;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::optional<Layout> layout = layout_of(header);
  if (layout && layout->end == bytes.size()) {
    set_hashes(header, *layout, bytes.data());
  } else {
    header.header_hash = hash_header(header);
  }
  std::memcpy(bytes.data(), &header, sizeof header);
}

TokenFile::TokenFile(const std::string& path)
    : file_(path), view_(view_token_file({file_.data(), file_.size()}, path)) {}

}  // namespace nas::data
