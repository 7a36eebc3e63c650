#include "nas/ops/normal.hpp"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <array>

#include "nas/core/error.hpp"
#include "nas/core/normal_pair.hpp"
#include "ops/launch.hpp"
#include "ops/normal_kernel.hpp"

namespace nas::ops {

namespace {

void fill_on_cpu(std::span<float> values, const NormalRule& rule, const DrawKey& key) {
  const std::size_t period = rule.mean.size();
  const auto size = static_cast<std::int64_t>(values.size());
  const std::int64_t draws = (size + kNormalsOfDraw - 1) / kNormalsOfDraw;
  constexpr std::int64_t kDrawsPerTask = 4096;
  at::parallel_for(0, draws, kDrawsPerTask, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t index = begin; index < end; ++index) {
      const PhiloxCounter words = draw(key, static_cast<std::uint32_t>(index));
      std::array<double, kNormalsOfDraw> normals{};
      normal_pair(words[0], words[1], normals.data());
      normal_pair(words[2], words[3], normals.data() + 2);
      const std::int64_t first = index * kNormalsOfDraw;
      const std::int64_t count = std::min<std::int64_t>(kNormalsOfDraw, size - first);
      for (std::int64_t i = 0; i < count; ++i) {
        const auto at = static_cast<std::size_t>(first + i);
        const double apart = exact::product(rule.std, normals[static_cast<std::size_t>(i)]);
        values[at] = static_cast<float>(exact::sum(rule.mean[at % period], apart));
      }
    }
  });
}

}  // namespace

void fill_normal(const at::Tensor& values, const NormalRule& rule, const DrawKey& key) {
  NAS_ASSERT(values.is_contiguous() && values.scalar_type() == at::kFloat && !rule.mean.empty());
  NAS_ASSERT(values.numel() <= std::int64_t{kNormalsOfDraw} << 32U);
  const std::size_t size = static_cast<std::size_t>(values.numel());
  if (values.is_cpu()) {
    fill_on_cpu({values.mutable_data_ptr<float>(), size}, rule, key);
    return;
  }
  if (!has_kernel_for(values) || rule.mean.size() > kMostMeans) {
    const at::Tensor drawn = at::empty(values.sizes(), at::kFloat);
    fill_on_cpu({drawn.mutable_data_ptr<float>(), size}, rule, key);
    values.copy_(drawn);
    return;
  }
  NAS_ASSERT(key.subject < (std::uint64_t{1} << 56U));
  NormalFill fill;
  fill.values = values.mutable_data_ptr<float>();
  fill.count = values.numel();
  fill.std = rule.std;
  fill.period = static_cast<int>(rule.mean.size());
  std::ranges::copy(rule.mean, fill.mean);
  fill.seed = key.seed;
  fill.purpose = static_cast<std::uint8_t>(key.purpose);
  fill.subject = key.subject;
  fill.step = key.step;
  launch_kernel(values.device(),
                [&](CUstream_st* stream) { return launch_fill_normal(fill, stream); });
}

}  // namespace nas::ops
