#include "nas/core/hash.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "nas/core/error.hpp"
#include "nas/core/philox.hpp"
#include "support/error_of.hpp"
#include "support/temporary_folder.hpp"

namespace nas {
namespace {

std::string random_bytes(std::size_t size) {
  DrawCursor cursor({size, Purpose::kTest, 0, 0});
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(cursor.below(256));
  return bytes;
}

TEST(Hash128, MatchesPublishedValuesOfXxh3) {
  // `printf '' | xxhsum -H2` and `printf abc | xxhsum -H2`.
  EXPECT_EQ(hash_text("").hex(), "99aa06d3014798d86001c324468d497f");
  EXPECT_EQ(hash_text("abc").hex(), "06b05ab6733a618578af5f94892f3950");
}

TEST(Hash128, HexKeepsLeadingZerosAndOrder) {
  EXPECT_EQ((Hash128{0x0123456789abcdefU, 0x00000000000000f0U}).hex(),
            "0123456789abcdef00000000000000f0");
}

TEST(StreamingHash, DoesNotDependOnThePieces) {
  const std::string bytes = random_bytes(100003);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, std::size_t{4096}}) {
    StreamingHash hash;
    for (std::size_t i = 0; i < bytes.size(); i += piece) {
      hash.add(std::string_view(bytes).substr(i, piece));
    }
    hash.add("", 0);
    EXPECT_EQ(hash.value(), hash_text(bytes)) << "pieces of " << piece;
  }
  EXPECT_EQ(StreamingHash().value(), hash_text(""));
}

TEST(HashFile, IsTheHashOfItsBytes) {
  const test::TemporaryFolder folder;
  const std::string bytes = random_bytes((std::size_t{1} << 20) + 17);
  EXPECT_EQ(hash_file(folder.write("large", bytes)), hash_text(bytes));
  EXPECT_EQ(hash_file(folder.write("empty", "")), hash_text(""));
}

TEST(HashFile, NamesAFileThatCannotBeRead) {
  const auto error = test::error_of([] { return hash_file("/nowhere/x"); });
  ASSERT_TRUE(error);
  EXPECT_EQ(error->kind(), ErrorKind::kIo);
  EXPECT_STREQ(error->what(), "cannot read /nowhere/x: No such file or directory");
}

TEST(Mix, SpreadsSeedAndWordApart) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    for (std::uint64_t word = 0; word < 100; ++word) seen.insert(mix(seed, word));
  }
  EXPECT_EQ(seen.size(), 10000U);
}

}  // namespace
}  // namespace nas
