#include "nas/core/normal_pair.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "nas/core/philox.hpp"

namespace nas {
namespace {

/// Words at the ends and in the middle of their range, where quarters meet, and drawn ones.
std::vector<std::uint32_t> words() {
  std::vector<std::uint32_t> all{0, 1, 2, 0xFFFFFFFFU, 0xFFFFFFFEU};
  for (std::uint32_t eighth = 1; eighth < 8; ++eighth) {
    const std::uint32_t at = eighth << 29U;
    all.insert(all.end(), {at - 1, at, at + 1});
  }
  DrawCursor cursor({1, Purpose::kTest, 20, 0});
  for (int i = 0; i < 2000; ++i) all.push_back(cursor.bits());
  return all;
}

TEST(NormalPair, LogarithmsAreThoseOfTheLibrary) {
  for (const std::uint32_t word : words()) {
    const std::uint64_t count = std::uint64_t{word} + 1;
    const double expected = std::log(static_cast<double>(count) * 0x1p-32);
    EXPECT_NEAR(exact::log_of_fraction(count), expected, 4e-16 * std::max(1.0, -expected)) << word;
  }
  EXPECT_EQ(exact::log_of_fraction(std::uint64_t{1} << 32U), 0);
}

TEST(NormalPair, IsBoxMullers) {
  const std::vector<std::uint32_t> all = words();
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::uint32_t angle_bits = all[all.size() - 1 - i];
    const double radius = std::sqrt(-2 * std::log((static_cast<double>(all[i]) + 1) * 0x1p-32));
    const double angle = 2 * std::numbers::pi * (angle_bits * 0x1p-32);
    double pair[2];
    normal_pair(all[i], angle_bits, pair);
    EXPECT_NEAR(pair[0], radius * std::cos(angle), 1e-14) << all[i] << " " << angle_bits;
    EXPECT_NEAR(pair[1], radius * std::sin(angle), 1e-14) << all[i] << " " << angle_bits;
  }
}

TEST(NormalPair, QuartersAreExact) {
  double pair[2];
  for (std::uint32_t quarter = 0; quarter < 4; ++quarter) {
    normal_pair(123456, quarter << 30U, pair);
    EXPECT_EQ(pair[quarter % 2 == 0 ? 1 : 0], 0) << quarter;
  }
}

}  // namespace
}  // namespace nas
