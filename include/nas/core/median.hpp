#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace nas {

/// The middle value, the mean of both middle ones of an even number; 0 of none.
[[nodiscard]] inline double median(std::vector<double> values) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  const std::size_t half = values.size() / 2;
  return values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
}

}  // namespace nas
