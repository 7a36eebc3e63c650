#pragma once

#include <ATen/core/Tensor.h>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/ops/kernels.hpp"

#if NAS_CUDA_KERNELS
#include <c10/cuda/CUDAException.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

struct CUstream_st;

namespace nas::ops {

[[nodiscard]] inline bool is_bfloat16(const at::Tensor& x) {
  return x.scalar_type() == at::kBFloat16;
}

/// Whether the kernels of this program compute with a tensor: on a device that has them, float32 or
/// bfloat16. For another dtype a warning says once that they do not.
[[nodiscard]] inline bool has_kernel_for(const at::Tensor& x) {
  if (!has_kernels_on(x.device())) return false;
  if (is_bfloat16(x) || x.scalar_type() == at::kFloat) return true;
  log_warning_once(std::string("LibTorch's operations compute in place of nas's kernels, which "
                               "take float32 and bfloat16, with ") +
                   c10::toString(x.scalar_type()));
  return false;
}

/// Makes a CUDA device's context the calling thread's. For what may be the first work of a thread
/// of autograd and is a library's: cuBLAS would find the context by itself, but warn.
inline void use_context_of([[maybe_unused]] const at::Device& device) {
#if NAS_CUDA_KERNELS
  if (device.is_cuda()) C10_CUDA_CHECK(cudaSetDevice(device.index()));
#endif
}

/// Calls launch(stream), which returns a cudaError_t as an int, with a CUDA device's current
/// stream. Throws Error(kDevice) in a program that was built without kernels, c10::Error when the
/// launch fails.
template <class Launch>
void launch_kernel(const at::Device& device, [[maybe_unused]] const Launch& launch) {
#if NAS_CUDA_KERNELS
  NAS_ASSERT(device.is_cuda());
  const c10::cuda::CUDAGuard guard(device);
  const int status = launch(c10::cuda::getCurrentCUDAStream().stream());
  C10_CUDA_CHECK(static_cast<cudaError_t>(status));
#else
  throw Error(ErrorKind::kDevice, "kernels on " + device.str() +
                                      " are not in this program (built with NAS_WITH_CUDA=OFF)");
#endif
}

}  // namespace nas::ops
