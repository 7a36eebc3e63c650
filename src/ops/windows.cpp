#include "nas/ops/windows.hpp"

#include "nas/core/error.hpp"
#include "ops/launch.hpp"
#include "ops/windows_kernel.hpp"

namespace nas::ops {

void gather_windows(const WindowKey& key, const at::Tensor& step, const at::Tensor& tokens,
                    const at::Tensor& windows) {
  NAS_ASSERT(step.scalar_type() == at::kLong && step.numel() == 1);
  NAS_ASSERT(windows.dim() == 2 && windows.scalar_type() == at::kLong && windows.is_contiguous());
  NAS_ASSERT(tokens.dim() == 1 && tokens.is_contiguous() && tokens.element_size() <= 4);
  const std::int64_t positions = tokens.size(0) - windows.size(1) + 1;
  NAS_ASSERT(positions > 0);
  const WindowDraws draws{key.seed, static_cast<std::uint8_t>(key.purpose), key.subject,
                          step.const_data_ptr<std::int64_t>(), positions};
  launch_kernel(windows.device(), [&](CUstream_st* stream) {
    return launch_gather_windows(
        draws, tokens.const_data_ptr(), static_cast<int>(tokens.element_size()),
        windows.mutable_data_ptr<std::int64_t>(), windows.size(0), windows.size(1), stream);
  });
}

}  // namespace nas::ops
