#include "data/utf8.hpp"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace nas::data {
namespace {

/// UTF-8 by the definition: bits of the code point in groups of six.
std::string encode(std::uint32_t code) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (code < 0x80U) return {byte(code)};
  const char last = byte(0x80U | (code & 0x3FU));
  if (code < 0x800U) return {byte(0xC0U | (code >> 6U)), last};
  const char third = byte(0x80U | ((code >> 6U) & 0x3FU));
  if (code < 0x10000U) return {byte(0xE0U | (code >> 12U)), third, last};
  return {byte(0xF0U | (code >> 18U)), byte(0x80U | ((code >> 12U) & 0x3FU)), third, last};
}

TEST(Utf8, AcceptsEveryCodePointButSurrogates) {
  for (std::uint32_t code = 0; code <= 0x10FFFFU; ++code) {
    const std::string text = encode(code);
    const bool is_surrogate = code >= 0xD800U && code <= 0xDFFFU;
    ASSERT_EQ(utf8_character(text, 0), is_surrogate ? 0U : text.size()) << code;
    if (text.size() > 1) {
      ASSERT_EQ(utf8_character(text.substr(0, text.size() - 1), 0), 0U) << code;
    }
  }
}

TEST(Utf8, RefusesWhatIsNoCharacter) {
  const std::string wrong[] = {"\x80",              // a continuation alone
                               "\xC0\x80",          // overlong NUL
                               "\xC1\xBF",          // overlong
                               "\xE0\x9F\xBF",      // overlong
                               "\xF0\x8F\xBF\xBF",  // overlong
                               "\xF4\x90\x80\x80",  // U+110000
                               "\xF5\x80\x80\x80",
                               "\xFF",
                               "\xC3(",
                               "\xE2\x82(",
                               "\xF0\x9F\x98("};
  for (const std::string& text : wrong) EXPECT_EQ(utf8_character(text, 0), 0U) << text;
}

TEST(Utf8, FindsTheFirstBinaryByteAtEveryPlace) {
  const std::string text = "def f(x):  # \xC3\xA9t\xC3\xA9 \xE2\x82\xAC\n    return x\n";
  EXPECT_FALSE(first_binary_byte(text));
  EXPECT_FALSE(first_binary_byte(""));
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (utf8_character(text, at) == 0) continue;  // inside a character
    for (const char bad : {'\0', '\xFF'}) {
      std::string broken = text;
      broken.insert(at, 1, bad);
      ASSERT_EQ(first_binary_byte(broken), at) << static_cast<int>(bad);
    }
  }
}

TEST(Utf8, CutsBetweenCharacters) {
  const std::string text =
      "a\xE2\x82\xAC"
      "b";
  EXPECT_EQ(character_boundary(text, 0), 0U);
  EXPECT_EQ(character_boundary(text, 1), 1U);
  EXPECT_EQ(character_boundary(text, 2), 1U);
  EXPECT_EQ(character_boundary(text, 3), 1U);
  EXPECT_EQ(character_boundary(text, 4), 4U);
  EXPECT_EQ(character_boundary(text, 9), 5U);
  EXPECT_EQ(character_boundary("\x80\x80\x80\x80\x80\x80", 5), 5U);
}

}  // namespace
}  // namespace nas::data
