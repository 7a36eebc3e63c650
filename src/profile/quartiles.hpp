#pragma once

#include <vector>

namespace nas::profile {

struct Quartiles {
  double lower = 0;
  double median = 0;
  double upper = 0;
};

/// Quartiles by linear interpolation between order statistics (Hyndman and Fan 1996, type 7).
/// `samples` must not be empty.
[[nodiscard]] Quartiles quartiles_of(std::vector<double> samples);

}  // namespace nas::profile
