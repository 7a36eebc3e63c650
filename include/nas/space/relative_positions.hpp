#pragma once

#include <cstdint>
#include <vector>

namespace nas::space {

/// Rows of the table of relative positions (ModelSpec::positions = t5), and the distance from which
/// all share the last one. Source: Raffel et al. 2020 (arXiv:1910.10683), bidirectional = false.
inline constexpr std::int64_t kRelativeBuckets = 32;
inline constexpr std::int64_t kLargestRelativeDistance = 128;

/// The smallest distance of each bucket but the first, increasing: the bucket of a distance
/// (query - key, at least 0) is the number of boundaries that are not above it. The first half are
/// 1, 2, ..., 16; then half (128 / half)^(k / half) rounded up, half = 16, k = 1, ..., 15.
[[nodiscard]] const std::vector<std::int64_t>& relative_boundaries();

}  // namespace nas::space
