#include "nas/core/units.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "nas/core/philox.hpp"

namespace nas {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(FormatCount, KeepsThreeSignificantDigits) {
  EXPECT_EQ(format_count(0), "0");
  EXPECT_EQ(format_count(532), "532");
  EXPECT_EQ(format_count(1234567), "1.23 M");
  EXPECT_EQ(format_count(4.5e9), "4.5 G");
  EXPECT_EQ(format_count(-1500), "-1.5 k");
  EXPECT_EQ(format_count(0.25), "0.25");
  EXPECT_EQ(format_count(7e21), "7000 E");
}

TEST(FormatCount, TakesTheNextPrefixWhenRoundingReachesIt) {
  EXPECT_EQ(format_count(999), "999");
  EXPECT_EQ(format_count(999499), "999 k");
  EXPECT_EQ(format_count(999600), "1 M");
}

TEST(FormatBytes, UsesBinaryPrefixes) {
  EXPECT_EQ(format_bytes(0), "0 B");
  EXPECT_EQ(format_bytes(1023), "1023 B");
  EXPECT_EQ(format_bytes(1536), "1.5 KiB");
  EXPECT_EQ(format_bytes(1.5 * 1024 * 1024 * 1024), "1.5 GiB");
}

TEST(FormatSeconds, UsesTheTwoLargestUnits) {
  EXPECT_EQ(format_seconds(0), "0 s");
  EXPECT_EQ(format_seconds(0.0000123), "12.3 us");
  EXPECT_EQ(format_seconds(0.25), "250 ms");
  EXPECT_EQ(format_seconds(4.2), "4.2 s");
  EXPECT_EQ(format_seconds(200), "3 min 20 s");
  EXPECT_EQ(format_seconds(2 * 3600 + 5 * 60), "2 h 05 min");
  EXPECT_EQ(format_seconds(76 * 3600), "3 d 04 h");
  EXPECT_EQ(format_seconds(-200), "-3 min 20 s");
}

TEST(FormatSeconds, CarriesWhenRoundingFillsAUnit) {
  EXPECT_EQ(format_seconds(0.9996), "1 s");
  EXPECT_EQ(format_seconds(59.94), "59.9 s");
  EXPECT_EQ(format_seconds(59.96), "1 min 00 s");
  EXPECT_EQ(format_seconds(3599.6), "1 h 00 min");
  EXPECT_EQ(format_seconds(kInfinity), "inf s");
}

TEST(FormatExact, ReadsBackAsTheSameDouble) {
  EXPECT_EQ(format_exact(0.1), "0.1");
  EXPECT_EQ(format_exact(-0.0), "-0");
  EXPECT_EQ(format_exact(300000), "300000");
  EXPECT_EQ(format_exact(1e15), "1e+15");
  EXPECT_EQ(format_exact(std::nan("")), "nan");
  EXPECT_EQ(format_exact(kInfinity), "inf");
  EXPECT_EQ(format_exact(-kInfinity), "-inf");
  for (std::uint32_t i = 0; i < 10000; ++i) {
    const PhiloxCounter words = draw({17, Purpose::kTest, 0, 0}, i);
    const std::uint64_t bits = (std::uint64_t{words[0]} << 32) | words[1];
    double value = 0;
    std::memcpy(&value, &bits, sizeof value);
    if (!std::isfinite(value)) continue;
    EXPECT_EQ(std::strtod(format_exact(value).c_str(), nullptr), value) << "seed 17, draw " << i;
  }
}

TEST(FormatSignificant, AvoidsTheExponentWhereReadable) {
  EXPECT_EQ(format_significant(0, 3), "0");
  EXPECT_EQ(format_significant(1.23456, 3), "1.23");
  EXPECT_EQ(format_significant(9.996, 3), "10.0");
  EXPECT_EQ(format_significant(123456, 3), "123456");
  EXPECT_EQ(format_significant(-0.000123456, 3), "-0.000123");
  EXPECT_EQ(format_significant(1.5e-9, 3), "1.50e-09");
  EXPECT_EQ(format_significant(1.5e300, 2), "1.5e+300");
  EXPECT_EQ(format_significant(2.5, 0), "2");
  EXPECT_EQ(format_significant(std::nan(""), 3), "nan");
}

}  // namespace
}  // namespace nas
