#include "neighbourhood.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"

namespace nas::search {
namespace {

constexpr std::uint64_t kMost = std::uint64_t{1} << 62;

std::uint64_t sum(std::uint64_t a, std::uint64_t b) { return std::min(kMost, a + b); }

std::uint64_t product(std::uint64_t a, std::uint64_t b) {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

}  // namespace

std::uint64_t permuted(std::uint64_t place, std::uint64_t count, const DrawKey& key) {
  NAS_ASSERT(place < count && count <= kMost);
  constexpr std::uint32_t kRounds = 4;
  const int half = std::max(1, static_cast<int>(std::bit_width(count - 1) + 1) / 2);
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  do {
    std::uint64_t left = place >> half;
    std::uint64_t right = place & mask;
    for (std::uint32_t round = 0; round < kRounds; ++round) {
      DrawKey at = key;
      // Halves have at most 31 bits, so that half and round fit into the step and index of a draw.
      at.step = static_cast<std::uint32_t>(right);
      const std::uint64_t mixed = left ^ (draw(at, round)[0] & mask);
      left = right;
      right = mixed;
    }
    place = (left << half) | right;
  } while (place >= count);
  return place;
}

Neighbourhood::Neighbourhood(const space::Space& space, const space::Sample& centre,
                             const Options& options, const DrawKey& key)
    : space_(space), centre_(centre), key_(key) {
  for (std::size_t i = 0; i < space.choices().size(); ++i) {
    const std::size_t others = space.choices()[i].options.size() - 1;
    if (others > 0 && space.uses_choice(centre, i)) parts_.push_back({true, i, others});
  }
  for (std::size_t i = 0; i < space.slots().size(); ++i) {
    if (!space.uses_slot(centre, i)) continue;
    parts_.push_back({false, i, static_cast<std::uint64_t>(options.mutations)});
  }
  radius_ = std::min(static_cast<std::size_t>(options.radius), parts_.size());
  ways_.resize((parts_.size() + 1) * (radius_ + 1));
  for (std::size_t first = parts_.size() + 1; first-- > 0;) {
    ways_[first * (radius_ + 1)] = 1;
    for (std::size_t changed = 1; first < parts_.size() && changed <= radius_; ++changed) {
      ways_[first * (radius_ + 1) + changed] =
          sum(ways(first + 1, changed), product(parts_[first].ways, ways(first + 1, changed - 1)));
    }
  }
  for (std::size_t changed = 1; changed <= radius_; ++changed) size_ = sum(size_, ways(0, changed));
}

std::optional<space::Sample> Neighbourhood::at(std::uint64_t place,
                                               std::vector<space::Change>& changes) const {
  std::size_t changed = 1;
  for (; place >= ways(0, changed); ++changed) place -= ways(0, changed);
  DrawKey order = key_;
  // Apart from the streams of the mutations.
  order.subject |= std::uint64_t{1} << 54;
  std::uint64_t rank = permuted(place, ways(0, changed), order);
  space::Sample sample = centre_;
  changes.clear();
  for (std::size_t first = 0; changed > 0; ++first) {
    const std::uint64_t without = ways(first + 1, changed);
    if (rank < without) continue;
    rank -= without;
    const std::uint64_t rest = ways(first + 1, --changed);
    if (!change(parts_[first], rank / rest, sample, changes)) return std::nullopt;
    rank %= rest;
  }
  return space_.accepted(std::move(sample));
}

bool Neighbourhood::change(const Part& part, std::uint64_t way, space::Sample& sample,
                           std::vector<space::Change>& changes) const {
  if (part.is_choice) {
    std::uint16_t& option = sample.choices[part.index];
    option = static_cast<std::uint16_t>(way < option ? way : way + 1);
    changes.push_back({space::MutationKind::kChoice, space_.choices()[part.index].name});
    return true;
  }
  DrawKey key = key_;
  // One stream of draws for each mutation of each slot.
  key.step = static_cast<std::uint32_t>(way * space_.slots().size() + part.index);
  space::Change made;
  auto child = space_.mutate_in_slot(centre_, part.index, key, made);
  if (!child) return false;
  sample.programs[part.index] = child->programs[part.index];
  sample.dnas[part.index] = child->dnas[part.index];
  changes.push_back(std::move(made));
  return true;
}

}  // namespace nas::search
