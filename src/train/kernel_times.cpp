#include "train/kernel_times.hpp"

#include <torch/csrc/autograd/profiler_kineto.h>

#include <algorithm>
#include <map>
#include <set>

namespace nas::train {

std::vector<KernelTime> kernel_times(const std::function<void()>& work) {
  namespace profiler = torch::autograd::profiler;
  using torch::profiler::impl::ActivityType;
  const torch::profiler::impl::ProfilerConfig config(torch::profiler::impl::ProfilerState::KINETO);
  const std::set<ActivityType> activities{ActivityType::CUDA};
  profiler::prepareProfiler(config, activities);
  profiler::enableProfiler(config, activities);
  work();
  const auto result = profiler::disableProfiler();
  std::map<std::string, KernelTime> by_name;
  for (const auto& event : result->events()) {
    if (event.deviceType() != c10::DeviceType::CUDA) continue;
    KernelTime& kernel = by_name[event.name()];
    kernel.name = event.name();
    ++kernel.calls;
    kernel.seconds += 1e-9 * static_cast<double>(event.durationNs());
  }
  std::vector<KernelTime> kernels;
  kernels.reserve(by_name.size());
  for (auto& [name, kernel] : by_name) kernels.push_back(std::move(kernel));
  std::ranges::stable_sort(kernels, std::greater<>(), &KernelTime::seconds);
  return kernels;
}

}  // namespace nas::train
