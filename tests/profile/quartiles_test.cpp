#include "profile/quartiles.hpp"

#include <gtest/gtest.h>

namespace nas::profile {
namespace {

TEST(Quartiles, InterpolateBetweenOrderStatistics) {
  const Quartiles odd = quartiles_of({5, 1, 3, 2, 4});
  EXPECT_DOUBLE_EQ(odd.lower, 2);
  EXPECT_DOUBLE_EQ(odd.median, 3);
  EXPECT_DOUBLE_EQ(odd.upper, 4);
  // R's default (type 7) of c(1, 2, 3, 10): 1.75, 2.5, 4.75.
  const Quartiles even = quartiles_of({10, 3, 2, 1});
  EXPECT_DOUBLE_EQ(even.lower, 1.75);
  EXPECT_DOUBLE_EQ(even.median, 2.5);
  EXPECT_DOUBLE_EQ(even.upper, 4.75);
}

TEST(Quartiles, OneSampleIsAllThree) {
  const Quartiles one = quartiles_of({7});
  EXPECT_EQ(one.lower, 7);
  EXPECT_EQ(one.median, 7);
  EXPECT_EQ(one.upper, 7);
}

}  // namespace
}  // namespace nas::profile
