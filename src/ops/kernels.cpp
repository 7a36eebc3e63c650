#include "nas/ops/kernels.hpp"

#include <array>
#include <atomic>

#include "nas/core/log.hpp"

namespace nas::ops {

namespace {

constexpr int kLeastMajor = 8;  ///< of compute capability: that of the oldest code in this program

bool look_at(const c10::Device& device) {
  const std::string reason = why_no_kernels(cuda_device(device.index()));
  if (reason.empty()) return true;
  log_warning_once(device.str() +
                   " runs LibTorch's operations in place of nas's kernels: " + reason);
  return false;
}

}  // namespace

bool has_cuda_kernels() { return NAS_CUDA_KERNELS != 0; }

std::string why_no_kernels(const CudaDevice& gpu) {
  if (!has_cuda_kernels()) return "this program was built without them (NAS_WITH_CUDA=OFF)";
  if (gpu.major >= kLeastMajor) return "";
  return "compute capability " + std::to_string(gpu.major) + "." + std::to_string(gpu.minor) +
         ", they need " + std::to_string(kLeastMajor) + ".0";
}

bool has_kernels_on(const c10::Device& device) {
  if (!device.is_cuda()) return false;
  constexpr std::size_t kMostDevices = 64;
  enum : int { kUnknown, kYes, kNo };
  static std::array<std::atomic<int>, kMostDevices> known{};
  // A signed character, -1 for no device: such an index is too large.
  const std::size_t index = static_cast<unsigned char>(device.index());
  if (index >= kMostDevices) return look_at(device);
  int answer = known[index].load(std::memory_order_relaxed);
  if (answer == kUnknown) {
    answer = look_at(device) ? kYes : kNo;
    known[index].store(answer, std::memory_order_relaxed);
  }
  return answer == kYes;
}

}  // namespace nas::ops
