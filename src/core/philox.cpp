#include "nas/core/philox.hpp"

#include <cmath>
#include <numbers>

#include "nas/core/error.hpp"
#include "nas/core/hash.hpp"

namespace nas {

PhiloxCounter draw(const DrawKey& key, std::uint32_t index) {
  NAS_ASSERT(key.subject < (std::uint64_t{1} << 56));
  PhiloxCounter out{};
  draw_words(key.seed, static_cast<std::uint8_t>(key.purpose), key.subject, key.step, index,
             out.data());
  return out;
}

std::uint64_t subject_of_path(std::uint32_t repeat, std::string_view path) {
  NAS_ASSERT(repeat < (1U << 16));
  constexpr std::uint64_t kPathBits = (std::uint64_t{1} << 40) - 1;
  return (std::uint64_t{repeat} << 40) | (hash_text(path).low & kPathBits);
}

double DrawCursor::normal() {
  // The radius must not be infinite: its uniform number lies in (0, 1].
  const double radius_uniform = (static_cast<double>(bits()) + 1.0) * 0x1p-32;
  const double angle = 2.0 * std::numbers::pi * (static_cast<double>(bits()) * 0x1p-32);
  return std::sqrt(-2.0 * std::log(radius_uniform)) * std::cos(angle);
}

}  // namespace nas
