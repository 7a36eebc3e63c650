#include <ATen/Version.h>
#include <ATen/cuda/CUDAContext.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "environment.hpp"

namespace nas::run {

Json torch_environment(const std::string& device) {
  Json facts;
  facts["torch"] = TORCH_VERSION;
  facts["cpu_capability"] = at::get_cpu_capability();
  facts["device_kind"] = device.substr(0, device.find(':'));
  if (device.starts_with("cuda")) {
    const auto index = static_cast<c10::DeviceIndex>(torch::Device(device).index());
    facts["device_name"] = at::cuda::getDeviceProperties(index)->name;
  }
  return facts;
}

}  // namespace nas::run
