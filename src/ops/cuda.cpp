#include "nas/ops/cuda.hpp"

#include <ATen/Context.h>
#include <c10/core/DeviceGuard.h>
#include <cuda_runtime_api.h>
#include <dlfcn.h>

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

std::int64_t cuda_free_bytes(int index) {
  const c10::DeviceGuard guard(c10::Device(c10::kCUDA, static_cast<c10::DeviceIndex>(index)));
  std::size_t free = 0;
  std::size_t total = 0;
  require_success(index, cudaMemGetInfo(&free, &total));
  return static_cast<std::int64_t>(free);
}

}  // namespace nas::ops
