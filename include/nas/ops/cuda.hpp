#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace nas::ops {

struct CudaDevice {
  std::string name;
  std::int64_t total_bytes = 0;
  int major = 0;  ///< compute capability
  int minor = 0;
};

/// Number of CUDA devices that this process can use. The first call on a machine with a driver
/// loads LibTorch's CUDA library (its kernels register themselves); elsewhere, and until then, a
/// process starts without it in two thirds of the CPU time and a quarter of the memory. LibTorch
/// remembers whether CUDA was there when it was first asked: ask here before anything else does.
[[nodiscard]] int cuda_device_count();

/// Facts of device `index`, 0 <= index < cuda_device_count(); Error(kDevice) if CUDA fails.
[[nodiscard]] CudaDevice cuda_device(int index);

/// Bytes of a device's memory that this process's tensors hold, without what cuBLAS keeps for each
/// thread and stream: what trainings must leave as they found it. 0 before anything was allocated;
/// nothing where LibTorch does not tell.
[[nodiscard]] std::optional<std::int64_t> cuda_held_bytes(int index);

/// Bytes of its memory that nobody uses at present; Error(kDevice) if CUDA fails.
[[nodiscard]] std::int64_t cuda_free_bytes(int index);

}  // namespace nas::ops
