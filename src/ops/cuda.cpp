#include "nas/ops/cuda.hpp"

#include <ATen/Context.h>
#include <ATen/cuda/CUDAContextLight.h>
#include <c10/core/DeviceGuard.h>
#include <c10/cuda/CUDACachingAllocator.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"

namespace nas::ops {
namespace {

bool load_cuda() {
  // Never closed: its static objects register kernels, and threads of its own outlive any caller.
  if (dlopen("libcuda.so.1", RTLD_NOW) == nullptr) return false;
  if (dlopen("libtorch_cuda.so", RTLD_NOW | RTLD_GLOBAL) == nullptr) {
    log_warning(std::string("no CUDA device is used: ") +
                dlerror());  // NOLINT(concurrency-mt-unsafe)
    return false;
  }
  return at::globalContext().hasCUDA();
}

/// A function of LibTorch's CUDA library, which is loaded late, by its symbol; null if it has none.
template <class Function>
Function* function_of(const char* symbol) {
  return reinterpret_cast<Function*>(dlsym(RTLD_DEFAULT, symbol));
}

/// What cuBLAS and cuBLASLt were given on a device; nothing where LibTorch does not tell.
std::optional<std::int64_t> workspace_bytes(int index) {
  using Workspaces = at::cuda::WorkspaceMapWithMutex&();
  using Size = std::size_t();
  struct Kind {
    Workspaces* workspaces;
    Size* size;
  };
  static const Kind kinds[] = {
      {function_of<Workspaces>("_ZN2at4cuda33cublas_handle_stream_to_workspaceEv"),
       function_of<Size>("_ZN2at4cuda22getChosenWorkspaceSizeEv")},
      {function_of<Workspaces>("_ZN2at4cuda35cublaslt_handle_stream_to_workspaceEv"),
       function_of<Size>("_ZN2at4cuda26getCUDABlasLtWorkspaceSizeEv")}};
  std::int64_t bytes = 0;
  for (const Kind& kind : kinds) {
    if (kind.workspaces == nullptr || kind.size == nullptr) return std::nullopt;
    at::cuda::WorkspaceMapWithMutex& known = kind.workspaces();
    const std::shared_lock lock(known.mutex);
    const auto count = std::ranges::count_if(
        known.map, [&](const auto& entry) { return entry.second.device().index() == index; });
    bytes += count * static_cast<std::int64_t>(kind.size());
  }
  return bytes;
}

void require_success(int index, cudaError_t status) {
  if (status == cudaSuccess) return;
  throw Error(ErrorKind::kDevice,
              "device \"cuda:" + std::to_string(index) + "\": " + cudaGetErrorString(status));
}

}  // namespace

int cuda_device_count() {
  static const bool loaded = load_cuda();
  return loaded ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

CudaDevice cuda_device(int index) {
  cudaDeviceProp properties{};
  require_success(index, cudaGetDeviceProperties(&properties, index));
  return {properties.name, static_cast<std::int64_t>(properties.totalGlobalMem), properties.major,
          properties.minor};
}

std::optional<std::int64_t> cuda_held_bytes(int index) {
  namespace allocator = c10::cuda::CUDACachingAllocator;
  if (!allocator::get()->initialized()) return 0;
  const std::optional<std::int64_t> kept = workspace_bytes(index);
  if (!kept) return std::nullopt;
  const auto stats = allocator::getDeviceStats(static_cast<c10::DeviceIndex>(index));
  constexpr auto kAll = static_cast<std::size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return stats.allocated_bytes[kAll].current - *kept;
}

std::int64_t cuda_free_bytes(int index) {
  const c10::DeviceGuard guard(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)));
  std::size_t free = 0;
  std::size_t total = 0;
  require_success(index, cudaMemGetInfo(&free, &total));
  return static_cast<std::int64_t>(free);
}

}  // namespace nas::ops
