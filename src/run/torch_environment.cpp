#include <ATen/Version.h>
#include <torch/torch.h>

#include <nlohmann/json.hpp>

#include "environment.hpp"
#include "nas/ops/cuda.hpp"

namespace nas::run {

Json torch_environment(const std::string& device) {
  Json facts;
  facts["torch"] = TORCH_VERSION;
  facts["cpu_capability"] = at::get_cpu_capability();
  facts["device_kind"] = device.substr(0, device.find(':'));
  if (device.starts_with("cuda")) {
    facts["device_name"] = ops::cuda_device(torch::Device(device).index()).name;
  }
  return facts;
}

}  // namespace nas::run
