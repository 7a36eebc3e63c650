#include "nas/space/relative_positions.hpp"

#include <cmath>

namespace nas::space {

const std::vector<std::int64_t>& relative_boundaries() {
  static const std::vector<std::int64_t> boundaries = [] {
    constexpr std::int64_t kHalf = kRelativeBuckets / 2;
    constexpr double kRatio = static_cast<double>(kLargestRelativeDistance) / kHalf;
    std::vector<std::int64_t> all;
    for (std::int64_t distance = 1; distance <= kHalf; ++distance) all.push_back(distance);
    // No power is an integer, so its rounding decides nothing.
    for (std::int64_t k = 1; k < kHalf; ++k) {
      const double power = std::pow(kRatio, static_cast<double>(k) / kHalf);
      all.push_back(static_cast<std::int64_t>(std::ceil(kHalf * power)));
    }
    return all;
  }();
  return boundaries;
}

}  // namespace nas::space
