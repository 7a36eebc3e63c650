#include "device_workers.hpp"

#include <c10/core/Device.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "nas/core/error.hpp"
#include "nas/core/log.hpp"
#include "nas/nn/model.hpp"
#include "nas/ops/cuda.hpp"

namespace nas::engine {

/// One evaluation's place at the process that had the fewest.
class DeviceWorkers::Turn {
 public:
  explicit Turn(const DeviceWorkers& workers) : workers_(workers) {
    const std::scoped_lock lock(workers_.mutex_);
    const auto fewest = std::ranges::min_element(workers_.running_);
    ++*fewest;
    place_ = static_cast<std::size_t>(fewest - workers_.running_.begin());
  }
  ~Turn() {
    const std::scoped_lock lock(workers_.mutex_);
    --workers_.running_[place_];
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] DeviceProcess& process() const { return *workers_.processes_[place_]; }

 private:
  const DeviceWorkers& workers_;
  std::size_t place_ = 0;
};

DeviceWorkers::DeviceWorkers(const config::RunConfig& config,
                             const std::vector<std::string>& devices,
                             std::shared_ptr<const run::Evaluator> local,
                             const Conversation::Program& program)
    : local_(std::move(local)), running_(devices.size(), 0) {
  if (config.search.parallelism < static_cast<std::int64_t>(devices.size())) {
    log_warning("search.parallelism = " + std::to_string(config.search.parallelism) +
                ": lets no more of the " + std::to_string(devices.size()) +
                " devices work at a time");
  }
  config::RunConfig of_one = config;
  for (const std::string& device : devices) {
    of_one.device = device;
    Conversation::Program of_device = program;
    of_device.arguments.push_back(device);  // for people who look at lists of processes
    processes_.push_back(std::make_unique<DeviceProcess>(of_one, of_device));
  }
  for (const auto& process : processes_) process->wait_until_ready();
}

std::optional<run::EvaluationResult> DeviceWorkers::evaluate(
    const run::EvaluationRequest& request) const {
  return Turn(*this).process().evaluate(request);
}

std::optional<space::Score> DeviceWorkers::measure_latency(
    const space::Architecture& architecture) const {
  return Turn(*this).process().measure_latency(architecture);
}

std::int64_t DeviceWorkers::checkpoint_step(const std::string& folder) const {
  return local_->checkpoint_step(folder);
}

void DeviceWorkers::remove_checkpoint(const std::string& folder) const {
  local_->remove_checkpoint(folder);
}

Json DeviceWorkers::environment() const { return local_->environment(); }

std::int64_t DeviceWorkers::total_steps(const space::Architecture& architecture) const {
  return local_->total_steps(architecture);
}

void require_one_model(const std::vector<DeviceModel>& devices) {
  for (const DeviceModel& device : devices) {
    const DeviceModel& first = devices.front();
    if (device.model == first.model) continue;
    std::string message = "device: " + first.device;
    message += " is " + first.model;
    message += ", " + device.device;
    message += " is " + device.model;
    throw Error(ErrorKind::kConfig,
                message + "; all must be of one model, on which the results of a study depend");
  }
}

std::vector<std::string> devices_of_one_model(const config::RunConfig& config) {
  std::vector<std::string> devices;
  std::vector<DeviceModel> models;
  for (const std::string& name : config::device_names(config.device)) {
    const std::string& device = devices.emplace_back(nn::resolve_device(name));
    models.push_back(
        {device, device == "cpu" ? device : ops::cuda_device(at::Device(device).index()).name});
  }
  require_one_model(models);
  return devices;
}

}  // namespace nas::engine
