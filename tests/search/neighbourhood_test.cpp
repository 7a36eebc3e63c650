#include "search/neighbourhood.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "fixtures.hpp"

namespace nas::search {
namespace {

using space::Sample;

const DrawKey kKey{11, Purpose::kMutation, 3, 0};

std::set<std::vector<std::uint16_t>> choices_of(const std::vector<Sample>& samples) {
  std::set<std::vector<std::uint16_t>> choices;
  for (const Sample& sample : samples) choices.insert(sample.choices);
  return choices;
}

/// Neighbours in their order; those that rules refuse are left out.
std::vector<Sample> neighbours_of(const space::Space& space, const Sample& centre,
                                  std::int64_t radius, std::int64_t mutations = 1) {
  const Neighbourhood neighbours(space, centre, {radius, mutations}, kKey);
  std::vector<Sample> found;
  std::vector<space::Change> changes;
  for (std::uint64_t place = 0; place < neighbours.size(); ++place) {
    if (auto sample = neighbours.at(place, changes)) found.push_back(std::move(*sample));
  }
  return found;
}

/// Choices of layers that both samples have in which they differ.
std::size_t distance(const space::Space& space, const Sample& first, const Sample& second) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < first.choices.size(); ++i) {
    const bool in_both = space.uses_choice(first, i) && space.uses_choice(second, i);
    count += in_both && first.choices[i] != second.choices[i];
  }
  return count;
}

TEST(Permuted, IsAPermutationOfEveryRange) {
  for (std::uint64_t count = 1; count < 300; count += 1 + count / 7) {
    std::set<std::uint64_t> seen;
    for (std::uint64_t place = 0; place < count; ++place) seen.insert(permuted(place, count, kKey));
    EXPECT_EQ(seen.size(), count);
    EXPECT_EQ(*seen.rbegin(), count - 1);
  }
}

TEST(Permuted, DependsOnItsKeyAndReachesFar) {
  DrawKey other = kKey;
  other.seed = 12;
  int moved = 0;
  for (std::uint64_t place = 0; place < 50; ++place) {
    moved += permuted(place, 1000, kKey) != permuted(place, 1000, other);
  }
  EXPECT_GT(moved, 45);
  const std::uint64_t most = std::uint64_t{1} << 62;
  EXPECT_LT(permuted(most - 1, most, kKey), most);
}

TEST(Neighbourhood, IsEverySampleWithinTheRadiusNearestFirst) {
  const auto space = testing::deeper_space();
  const std::vector<Sample> all = testing::all_samples(*space);
  for (std::size_t i = 0; i < all.size(); i += 5) {
    for (std::int64_t radius = 1; radius <= 3; ++radius) {
      const std::vector<Sample> found = neighbours_of(*space, all[i], radius);
      std::set<std::vector<std::uint16_t>> expected;
      for (const Sample& sample : all) {
        const std::size_t changed = distance(*space, all[i], sample);
        // A second layer that the centre does not have stands at its initial options at first.
        const bool is_reached = space->accepted([&] {
          Sample moved = all[i];
          for (std::size_t c = 0; c < moved.choices.size(); ++c) {
            if (space->uses_choice(all[i], c)) moved.choices[c] = sample.choices[c];
          }
          return moved;
        }()) == sample;
        if (is_reached && changed >= 1 && changed <= static_cast<std::size_t>(radius)) {
          expected.insert(sample.choices);
        }
      }
      EXPECT_EQ(choices_of(found), expected) << "sample " << i << ", radius " << radius;
    }
  }
}

TEST(Neighbourhood, NearerOnesComeFirst) {
  const auto space = testing::deeper_space();
  Sample centre = space->initial();
  centre.choices[0] = 1;  // two layers, so that all choices are in use
  const Neighbourhood neighbours(*space, centre, {2, 1}, kKey);
  std::vector<space::Change> changes;
  std::size_t before = 1;
  for (std::uint64_t place = 0; place < neighbours.size(); ++place) {
    ASSERT_TRUE(neighbours.at(place, changes));
    EXPECT_GE(changes.size(), before);
    before = changes.size();
  }
  EXPECT_EQ(before, 2U);
  // depth, model_dim, two inner_dim, feed_forward: 1 + 1 + 2 + 2 + 2 ways, and their pairs.
  EXPECT_EQ(Neighbourhood(*space, centre, {1, 1}, kKey).size(), 8U);
  EXPECT_EQ(neighbours.size(), 8U + (64U - 1 - 1 - 4 - 4 - 4) / 2);
}

TEST(Neighbourhood, SaysWhatWasChanged) {
  const auto space = testing::evolving_space();
  const Sample centre = space->initial();
  const Neighbourhood neighbours(*space, centre, {1, 20}, kKey);
  EXPECT_EQ(neighbours.size(), 22U) << "two other options and twenty mutations";
  std::vector<space::Change> changes;
  int programs = 0;
  std::set<std::string> texts;
  for (std::uint64_t place = 0; place < neighbours.size(); ++place) {
    const auto sample = neighbours.at(place, changes);
    if (!sample) continue;
    ASSERT_EQ(changes.size(), 1U);
    const bool is_choice = changes[0].kind == space::MutationKind::kChoice;
    EXPECT_EQ(sample->programs == centre.programs, is_choice);
    EXPECT_EQ(sample->choices == centre.choices, !is_choice);
    if (!is_choice) texts.insert(space->to_json(*sample).dump());
    programs += !is_choice;
  }
  EXPECT_GT(programs, 15);
  EXPECT_GT(texts.size(), 15U) << "mutations are keyed apart";
}

TEST(Neighbourhood, OfAHugeSpaceIsCutOffAndStillWorks) {
  std::string layers = R"({"layers": 64, "model_dim": 256, "heads": 4,
    "inner_dim": {"per_layer": {"int": {"min": 1, "max": 4000}}}, "norm": "layer_norm",
    "norm_place": "pre", "mixer": "softmax_attention", "feed_forward": "relu"})";
  const auto space = space::Space::from_json(Json::parse(layers), space::ModelSpec{},
                                             JsonPositions("test"), "/space");
  const Sample centre = space.initial();
  const Neighbourhood neighbours(space, centre, {8, 1}, kKey);
  EXPECT_EQ(neighbours.size(), std::uint64_t{1} << 62);
  std::vector<space::Change> changes;
  const auto last = neighbours.at(neighbours.size() - 1, changes);
  ASSERT_TRUE(last);
  EXPECT_EQ(distance(space, centre, *last), changes.size());
}

}  // namespace
}  // namespace nas::search
