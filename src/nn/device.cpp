#include <charconv>

#include "nas/core/error.hpp"
#include "nas/nn/model.hpp"
#include "nas/ops/cuda.hpp"

namespace nas::nn {

namespace {

std::string available(std::size_t devices) {
  if (devices == 0) return "this machine has no usable CUDA device; allowed: auto, cpu";
  std::string text = "there are: auto, cpu";
  for (std::size_t i = 0; i < devices; ++i) text += ", cuda:" + std::to_string(i);
  return text;
}

}  // namespace

std::string resolve_device(const std::string& wanted) {
  if (wanted == "cpu") return wanted;
  const auto devices = static_cast<std::size_t>(ops::cuda_device_count());
  if (wanted == "auto") return devices > 0 ? "cuda:0" : "cpu";
  if (wanted == "cuda" && devices > 0) return "cuda:0";
  const std::string prefix = "cuda:";
  if (wanted.starts_with(prefix)) {
    std::size_t index = 0;
    const char* const end = wanted.data() + wanted.size();
    const auto [stop, error] = std::from_chars(wanted.data() + prefix.size(), end, index);
    if (error == std::errc() && stop == end && index < devices) return wanted;
  }
  throw Error(ErrorKind::kDevice, "device \"" + wanted + "\": " + available(devices));
}

}  // namespace nas::nn
