#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "nas/space/space.hpp"

namespace nas::search {

/// What lies around a sample: every sample in which between 1 and `radius` of its parts are
/// changed, a part being a choice in use (changed to each other option) or a program in use
/// (changed by each of `mutations` keyed mutations). Nearest first, and in a keyed order among
/// those in which equally many parts are changed. A pure function of its arguments.
class Neighbourhood {
 public:
  struct Options {
    std::int64_t radius = 1;
    std::int64_t mutations = 1;  ///< of each program
  };
  /// Draws are keyed by `key` with steps from 0 on; space and sample must outlive this.
  Neighbourhood(const space::Space& space, const space::Sample& centre, const Options& options,
                const DrawKey& key);

  /// Number of places; at most 2^62, where larger neighbourhoods are cut off.
  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// The neighbour at a place below size() and the changes that lead to it; nothing when the
  /// space's rules refuse it or a mutation was not accepted.
  [[nodiscard]] std::optional<space::Sample> at(std::uint64_t place,
                                                std::vector<space::Change>& changes) const;

 private:
  /// A choice or slot and how many ways there are to change it.
  struct Part {
    bool is_choice = true;
    std::size_t index = 0;
    std::uint64_t ways = 0;
  };

  /// Ways to change exactly `changed` of the parts from `first` on.
  [[nodiscard]] std::uint64_t ways(std::size_t first, std::size_t changed) const {
    return ways_[first * (radius_ + 1) + changed];
  }
  [[nodiscard]] bool change(const Part& part, std::uint64_t way, space::Sample& sample,
                            std::vector<space::Change>& changes) const;

  const space::Space& space_;
  const space::Sample& centre_;
  DrawKey key_;
  std::size_t radius_;
  std::vector<Part> parts_;
  std::vector<std::uint64_t> ways_;
  std::uint64_t size_ = 0;
};

/// A permutation of 0 .. count-1, evaluated at one place without a table: a keyed Feistel network
/// of four rounds on the next power of four, applied again while it leads outside the range.
/// Source: Black and Rogaway 2002 (doi 10.1007/3-540-45760-7_9), cycle walking.
[[nodiscard]] std::uint64_t permuted(std::uint64_t place, std::uint64_t count, const DrawKey& key);

}  // namespace nas::search
