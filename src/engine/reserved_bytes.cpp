#include <c10/cuda/CUDACachingAllocator.h>

#include "nas/ops/cuda.hpp"
#include "verbs.hpp"

namespace nas::engine {

std::int64_t reserved_bytes() {
  namespace caching = c10::cuda::CUDACachingAllocator;
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  const int devices = ops::cuda_device_count();
  if (devices == 0 || !caching::get()->initialized()) return 0;
  std::int64_t bytes = 0;
  for (int i = 0; i < devices; ++i) {
    bytes += caching::getDeviceStats(static_cast<c10::DeviceIndex>(i)).reserved_bytes[kAll].peak;
  }
  return bytes;
}

}  // namespace nas::engine
