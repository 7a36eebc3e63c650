#include "data/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace nas::data {
namespace {

unsigned byte_at(std::string_view text, std::size_t at) {
  return static_cast<unsigned char>(text[at]);
}

bool is_continuation(unsigned byte) { return (byte & 0xC0U) == 0x80U; }

/// Eight bytes at once: all ASCII and none of them zero.
bool eight_plain_bytes(const char* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  constexpr std::uint64_t kHigh = 0x8080808080808080ULL;
  constexpr std::uint64_t kOnes = 0x0101010101010101ULL;
  return (word & kHigh) == 0 && ((word - kOnes) & kHigh) == 0;
}

}  // namespace

std::size_t utf8_character(std::string_view text, std::size_t at) {
  const std::size_t left = text.size() - at;
  const unsigned first = byte_at(text, at);
  if (first < 0x80U) return 1;
  if (first < 0xC2U || first > 0xF4U) return 0;
  const std::size_t length = first < 0xE0U ? 2 : first < 0xF0U ? 3 : 4;
  if (left < length) return 0;
  const unsigned second = byte_at(text, at + 1);
  unsigned low = 0x80U;
  unsigned high = 0xBFU;
  if (first == 0xE0U) low = 0xA0U;   // overlong
  if (first == 0xEDU) high = 0x9FU;  // surrogates
  if (first == 0xF0U) low = 0x90U;   // overlong
  if (first == 0xF4U) high = 0x8FU;  // above U+10FFFF
  if (second < low || second > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (!is_continuation(byte_at(text, at + i))) return 0;
  }
  return length;
}

std::optional<std::size_t> first_binary_byte(std::string_view text) {
  std::size_t at = 0;
  while (at < text.size()) {
    if (text.size() - at >= 8 && eight_plain_bytes(text.data() + at)) {
      at += 8;
      continue;
    }
    const std::size_t length = text[at] == '\0' ? 0 : utf8_character(text, at);
    if (length == 0) return at;
    at += length;
  }
  return std::nullopt;
}

std::size_t character_boundary(std::string_view text, std::size_t at) {
  if (at >= text.size()) return text.size();
  for (std::size_t back = 0; back < 4 && back <= at; ++back) {
    if (!is_continuation(byte_at(text, at - back))) return at - back;
  }
  return at;
}

}  // namespace nas::data
