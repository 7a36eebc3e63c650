#include "nn/initialise.hpp"

#include <ATen/Parallel.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "nas/core/philox.hpp"

namespace nas::nn {

namespace {

constexpr std::int64_t kNormalsPerDraw = 4;

// Box-Muller: two uniform words make two standard normal numbers.
void normal_pair(std::uint32_t radius_bits, std::uint32_t angle_bits, double out[2]) {
  // In (0, 1], since the logarithm of 0 is infinite.
  const double radius_uniform = (static_cast<double>(radius_bits) + 1.0) * 0x1p-32;
  const double radius = std::sqrt(-2.0 * std::log(radius_uniform));
  const double angle = 2.0 * std::numbers::pi * (static_cast<double>(angle_bits) * 0x1p-32);
  out[0] = radius * std::cos(angle);
  out[1] = radius * std::sin(angle);
}

}  // namespace

void draw_initial_values(std::span<float> values, const InitialValues& rule, std::uint64_t seed,
                         std::uint32_t repeat, std::string_view path) {
  const std::size_t period = rule.mean.size();
  if (rule.std == 0) {
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<float>(rule.mean[i % period]);
    }
    return;
  }
  const DrawKey key{seed, Purpose::kInitialisation, subject_of_path(repeat, path), 0};
  const auto size = static_cast<std::int64_t>(values.size());
  const std::int64_t draws = (size + kNormalsPerDraw - 1) / kNormalsPerDraw;
  constexpr std::int64_t kDrawsPerTask = 4096;
  at::parallel_for(0, draws, kDrawsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const PhiloxCounter words = draw(key, static_cast<std::uint32_t>(index));
      std::array<double, kNormalsPerDraw> normals{};
      normal_pair(words[0], words[1], normals.data());
      normal_pair(words[2], words[3], normals.data() + 2);
      const std::int64_t first = index * kNormalsPerDraw;
      const std::int64_t count = std::min(kNormalsPerDraw, size - first);
      for (std::int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(first + i);
        values[at] = static_cast<float>(rule.mean[at % period] +
                                        rule.std * normals[static_cast<std::size_t>(i)]);
      }
    }
  });
}

}  // namespace nas::nn
