#include "nas/space/relative_positions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace nas::space {
namespace {

// T5's formula as its code has it, in float32 as there.
std::int64_t bucket_of(std::int64_t distance) {
  if (distance < 16) return distance;
  const float ratio = std::log(static_cast<float>(distance) / 16.0F) / std::log(128.0F / 16.0F);
  return std::min<std::int64_t>(16 + static_cast<std::int64_t>(ratio * 16.0F), 31);
}

TEST(RelativePositions, BoundariesGiveTheBucketsOfT5) {
  const std::vector<std::int64_t>& boundaries = relative_boundaries();
  ASSERT_EQ(boundaries.size(), static_cast<std::size_t>(kRelativeBuckets - 1));
  ASSERT_TRUE(std::is_sorted(boundaries.begin(), boundaries.end()));
  for (std::int64_t distance = 0; distance < 1000; ++distance) {
    const auto below = std::upper_bound(boundaries.begin(), boundaries.end(), distance);
    EXPECT_EQ(below - boundaries.begin(), bucket_of(distance)) << distance;
  }
}

}  // namespace
}  // namespace nas::space
