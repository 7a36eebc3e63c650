#include "nas/ops/philox.hpp"

#include <ATen/ops/empty.h>

#include <cstring>

#include "nas/core/error.hpp"
#include "ops/launch.hpp"
#include "ops/philox_kernel.hpp"

namespace nas::ops {

namespace {

void fill_on_cpu(const PhiloxRun& run, at::Tensor& out) {
  auto* const words = out.mutable_data_ptr<std::int32_t>();
  for (std::int64_t i = 0; i < run.count; ++i) {
    std::uint32_t drawn[4];
    draw_words(run.seed, run.purpose, run.subject, run.step,
               run.first_index + static_cast<std::uint32_t>(i), drawn);
    std::memcpy(words + 4 * i, drawn, sizeof(drawn));
  }
}

void fill_on_cuda(const PhiloxRun& run, at::Tensor& out) {
  auto* const words = reinterpret_cast<std::uint32_t*>(out.mutable_data_ptr<std::int32_t>());
  launch_kernel(out.device(),
                [&](CUstream_st* stream) { return launch_philox_draws(run, words, stream); });
}

}  // namespace

at::Tensor philox_draws(const DrawKey& key, std::uint32_t first_index, std::int64_t count,
                        at::Device device) {
  NAS_ASSERT(count >= 0 && first_index + static_cast<std::uint64_t>(count) <= (1ULL << 32));
  NAS_ASSERT(key.subject < (std::uint64_t{1} << 56));
  const PhiloxRun run{
      key.seed, static_cast<std::uint8_t>(key.purpose), key.subject, key.step, first_index, count};
  at::Tensor out = at::empty({count, 4}, at::TensorOptions().dtype(at::kInt).device(device));
  if (device.is_cpu()) {
    fill_on_cpu(run, out);
  } else {
    fill_on_cuda(run, out);
  }
  return out;
}

}  // namespace nas::ops
