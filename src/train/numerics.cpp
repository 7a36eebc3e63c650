#include "nas/train/numerics.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <c10/cuda/CUDACachingAllocator.h>

#include <mutex>

namespace nas::train {
namespace {

void fix_process() {
  // CUBLAS_WORKSPACE_CONFIG stays unset: LibTorch gives each stream a workspace of its own, whose
  // size depends on the GPU alone, so that products repeat their bits; where the variable is set it
  // is parsed again at every product, which took two fifths of the host's time of a step.
  at::Context& context = at::globalContext();
  context.setDeterministicFillUninitializedMemory(false);
  context.setBenchmarkCuDNN(false);
  context.setFloat32MatmulPrecision("highest");
  context.setAllowTF32CuDNN(false);
}

}  // namespace

void fix_numerics(std::int64_t threads, bool deterministic) {
  static std::once_flag once;
  std::call_once(once, fix_process);
  at::Context& context = at::globalContext();
  if (context.deterministicAlgorithms() != deterministic) {
    context.setDeterministicAlgorithms(deterministic, /*warn_only=*/false);
    context.setDeterministicCuDNN(deterministic);
  }
  at::set_num_threads(static_cast<int>(threads));
  at::globalContext().setFlushDenormal(false);
}

void release_unused_memory(const std::string& device) {
  if (!device.starts_with("cuda")) return;
  c10::cuda::CUDACachingAllocator::emptyCache();
}

bool is_device_failure(const std::string& message) {
  for (const char* name : {"CUDA error", "CUDA driver error", "cuDNN error", "CUBLAS_STATUS"}) {
    if (message.find(name) != std::string::npos) return true;
  }
  return false;
}

bool is_host_out_of_memory(const std::string& message) {
  return message.find("DefaultCPUAllocator") != std::string::npos;
}

}  // namespace nas::train
