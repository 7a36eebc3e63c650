#include "nas/ops/cuda.hpp"

#include <ATen/Context.h>
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

}  // namespace

int cuda_device_count() {
  static const bool loaded = load_cuda();
  return loaded ? static_cast<int>(at::detail::getCUDAHooks().deviceCount()) : 0;
}

CudaDevice cuda_device(int index) {
  cudaDeviceProp properties{};
  const cudaError_t status = cudaGetDeviceProperties(&properties, index);
  if (status != cudaSuccess) {
    throw Error(ErrorKind::kDevice,
                "device \"cuda:" + std::to_string(index) + "\": " + cudaGetErrorString(status));
  }
  return {properties.name, static_cast<std::int64_t>(properties.totalGlobalMem), properties.major,
          properties.minor};
}

}  // namespace nas::ops
