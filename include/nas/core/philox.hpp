#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#ifdef __CUDACC__
#define NAS_HOST_DEVICE __host__ __device__
#else
#define NAS_HOST_DEVICE
#endif

namespace nas {

/// What a draw is for. The numbers are part of a study's meaning: never renumber.
enum class Purpose : std::uint8_t {
  kSampling = 1,        ///< subject: trial
  kMutation = 2,        ///< subject: trial
  kInitialisation = 3,  ///< subject: repeat and parameter path, see subject_of_path
  kBatchOrder = 4,      ///< subject: repeat, step: training step
  kDropout = 5,         ///< subject: repeat, step: training step
  kLabelMasking = 6,    ///< subject: repeat, step: training step
  kEvaluation = 7,      ///< subject: repeat
  kSynthetic = 8,       ///< landscape and noise of the synthetic evaluator
  kBootstrap = 9,       ///< resampling of a statistic
  kTest = 10,           ///< tests and fuzzers
  kGeneration = 11,     ///< step: token of a generated text
};

using PhiloxCounter = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

/// Philox4x32-10 on raw words: the same bits on host and device.
/// Source: Salmon et al. 2011 (doi 10.1145/2063384.2063405), Random123 philox4x32-10.
NAS_HOST_DEVICE inline void philox4x32_10(const std::uint32_t counter[4],
                                          const std::uint32_t key[2], std::uint32_t out[4]) {
  std::uint32_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
  std::uint32_t k0 = key[0], k1 = key[1];
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t p0 = std::uint64_t{0xD2511F53U} * c0;
    const std::uint64_t p1 = std::uint64_t{0xCD9E8D57U} * c2;
    const std::uint32_t n0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ k0;
    const std::uint32_t n2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ k1;
    c1 = static_cast<std::uint32_t>(p1);
    c3 = static_cast<std::uint32_t>(p0);
    c0 = n0;
    c2 = n2;
    k0 += 0x9E3779B9U;
    k1 += 0xBB67AE85U;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/// Names one stream of draws. Two different keys never share a counter: seed is Philox's key,
/// and purpose, subject (< 2^56), step and index fill the counter word by word.
struct DrawKey {
  std::uint64_t seed = 0;
  Purpose purpose = Purpose::kTest;
  std::uint64_t subject = 0;
  std::uint32_t step = 0;
};

/// 128 random bits, a pure function of its arguments (determinism.md 1). `index` counts draws
/// within a key. Throws (NAS_ASSERT) when subject >= 2^56.
[[nodiscard]] PhiloxCounter draw(const DrawKey& key, std::uint32_t index);

/// Device and host form of `draw` on plain words; out has 4 words.
NAS_HOST_DEVICE inline void draw_words(std::uint64_t seed, std::uint8_t purpose,
                                       std::uint64_t subject, std::uint32_t step,
                                       std::uint32_t index, std::uint32_t out[4]) {
  const std::uint32_t counter[4] = {index, step, static_cast<std::uint32_t>(subject),
                                    (static_cast<std::uint32_t>(purpose) << 24) |
                                        (static_cast<std::uint32_t>(subject >> 32) & 0x00FFFFFFU)};
  const std::uint32_t key[2] = {static_cast<std::uint32_t>(seed),
                                static_cast<std::uint32_t>(seed >> 32)};
  philox4x32_10(counter, key, out);
}

/// Subject of initialisation draws: 16 bits of repeat, 40 bits of a hash of the canonical path.
[[nodiscard]] std::uint64_t subject_of_path(std::uint32_t repeat, std::string_view path);

/// Reads the draws of one key in order. A cursor is a local variable of the function that needs
/// several draws; it is never stored, copied into state or shared between trials.
class DrawCursor {
 public:
  explicit DrawCursor(const DrawKey& key) : key_(key) {}

  /// Next 32 random bits.
  [[nodiscard]] std::uint32_t bits() {
    if (used_ == 4) {
      words_ = draw(key_, index_++);
      used_ = 0;
    }
    return words_[used_++];
  }
  /// Uniform integer in [0, count), count in [1, 2^32); multiply-shift, bias below 2^-32 * count.
  [[nodiscard]] std::uint32_t below(std::uint32_t count) {
    return static_cast<std::uint32_t>((std::uint64_t{bits()} * count) >> 32);
  }
  /// Uniform in [0, 1) with 24 bits, exact in float and double.
  [[nodiscard]] double uniform() { return static_cast<double>(bits() >> 8) * 0x1p-24; }
  /// Standard normal by Box-Muller; uses two draws.
  [[nodiscard]] double normal();

 private:
  DrawKey key_;
  std::uint32_t index_ = 0;
  unsigned used_ = 4;
  PhiloxCounter words_{};
};

}  // namespace nas
