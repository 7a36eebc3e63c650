#pragma once

#include <cstdint>
#include <vector>

#include "nas/space/mutation.hpp"
#include "nas/space/program.hpp"

namespace nas::test {

/// Primitives that some program of a causal model may hold, alphabetical; not those that need a
/// table around the layer.
[[nodiscard]] std::vector<std::uint16_t> causal_vocabulary();

/// Rules of a whole layer in a causal model with that vocabulary.
[[nodiscard]] space::MutationRules causal_rules(int max_nodes = 64);

/// Layer programs that random ones start from: attention (also written with Primer's operations)
/// and MDHA, several feed-forwards, both norms, pre- and post-norm.
[[nodiscard]] std::vector<space::Program> initial_programs();

/// Accepted program number `index` of a seed: an initial program after 1 to 24 mutations. May hold
/// what canonical form would rewrite, but no dead nodes.
[[nodiscard]] space::Program random_program(std::uint64_t seed, std::uint64_t index);

/// The sample that tests of different modules share, so that what is counted of it in one holds for
/// the programs of the other: random_programs(kSampleSeed, kSampleSize).
inline constexpr std::uint64_t kSampleSeed = 20260731;
inline constexpr std::size_t kSampleSize = 2000;

/// Programs 0 to count - 1 of a seed.
[[nodiscard]] std::vector<space::Program> random_programs(std::uint64_t seed, std::size_t count);

/// Whether a program holds what turns a rounding into any difference: quotients, signs, logarithms,
/// exponentials and products. Two ways to compute it cannot be held to a tolerance.
[[nodiscard]] bool amplifies_rounding(const space::Program& program);

/// Whether tokens also reach others by another way than masked softmax attention: a convolution of
/// width > 1, a shift, a running mean, or scores that no softmax made weighing values.
[[nodiscard]] bool mixes_time_outside_attention(const space::Program& program);

}  // namespace nas::test
