#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace nas {

/// 128-bit content hash (XXH3). Names architectures, corpora and weights; not cryptographic.
struct Hash128 {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  auto operator<=>(const Hash128&) const = default;
  /// 32 lower-case hexadecimal digits.
  [[nodiscard]] std::string hex() const;
};

[[nodiscard]] Hash128 hash_bytes(const void* data, std::size_t size);
[[nodiscard]] inline Hash128 hash_text(std::string_view text) {
  return hash_bytes(text.data(), text.size());
}

/// Hash of a file's bytes, read in blocks. Throws Error(kIo) naming the file.
[[nodiscard]] Hash128 hash_file(const std::string& path);

/// Hash of bytes that arrive in pieces; the same value as hash_bytes of their concatenation.
class StreamingHash {
 public:
  StreamingHash();
  ~StreamingHash();
  StreamingHash(const StreamingHash&) = delete;
  StreamingHash& operator=(const StreamingHash&) = delete;
  void add(const void* data, std::size_t size);
  void add(std::string_view text) { add(text.data(), text.size()); }
  [[nodiscard]] Hash128 value() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Mixes a word into a running 64-bit hash (splitmix64 finaliser); for structural hashes.
[[nodiscard]] inline std::uint64_t mix(std::uint64_t seed, std::uint64_t word) {
  std::uint64_t z = seed + 0x9E3779B97F4A7C15ULL + (word ^ (seed >> 32)) * 0xD6E8FEB86659FD93ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace nas

template <>
struct std::hash<nas::Hash128> {
  std::size_t operator()(const nas::Hash128& value) const noexcept { return value.low; }
};
