#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <utility>

namespace nas::ops {

/// The first statement of every kernel that launch() starts, before it reads memory or returns:
/// waits for the work before it, then lets the kernel behind it take its place on the GPU while
/// this one still runs (programmatic dependent launch, compute capability 9.0 and later).
__device__ inline void begin_kernel() {
#if __CUDA_ARCH__ >= 900
  cudaGridDependencySynchronize();
  cudaTriggerProgrammaticLaunchCompletion();
#endif
}

/// Whether the current device launches a kernel before the one ahead of it has ended.
[[nodiscard]] inline bool launches_early() {
  constexpr int kMostDevices = 64;
  static int majors[kMostDevices] = {};
  int device = 0;
  if (cudaGetDevice(&device) != cudaSuccess || device >= kMostDevices) return false;
  if (majors[device] == 0) {
    int major = 0;
    cudaDeviceGetAttribute(&major, cudaDevAttrComputeCapabilityMajor, device);
    majors[device] = major;
  }
  return majors[device] >= 9;
}

/// kernel<<<grid, block, shared_bytes, stream>>>(arguments...) of a kernel that begins with
/// begin_kernel(). Returns the cudaError_t.
template <class... Parameters, class... Arguments>
int launch(void (*kernel)(Parameters...), dim3 grid, dim3 block, std::size_t shared_bytes,
           cudaStream_t stream, Arguments&&... arguments) {
  cudaLaunchConfig_t config = {};
  config.gridDim = grid;
  config.blockDim = block;
  config.dynamicSmemBytes = shared_bytes;
  config.stream = stream;
  cudaLaunchAttribute early = {};
  early.id = cudaLaunchAttributeProgrammaticStreamSerialization;
  early.val.programmaticStreamSerializationAllowed = 1;
  config.attrs = &early;
  config.numAttrs = launches_early() ? 1 : 0;
  return cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...);
}

}  // namespace nas::ops
